import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.api.transaction.CuratorTransactionResult;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.apache.curator.framework.recipes.cache.NodeCache;
import org.apache.curator.framework.recipes.cache.TreeCache;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.nodes.PersistentEphemeralNode;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.data.Stat;

/**
 * What Apache Curator does against three servers, run by curator.test.ts. Lines on standard output
 * are facts ("ok NAME") or requests ("ask NAME"), after which one line is read from standard input.
 *
 * <p>Usage: java CuratorSmoke HOST:PORT,HOST:PORT,HOST:PORT
 */
@SuppressWarnings("deprecation")
public final class CuratorSmoke {
    private static final BufferedReader STDIN =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    private static final int WAIT_SECONDS = 30;

    private final String hosts;
    private final CuratorFramework client;
    private final CuratorFramework rival;

    private CuratorSmoke(String hosts) throws Exception {
        this.hosts = hosts;
        this.client = connect(hosts);
        this.rival = connect(hosts);
    }

    public static void main(String[] args) throws Exception {
        CuratorSmoke smoke = new CuratorSmoke(args[0]);
        smoke.createsWithParents();
        smoke.transactions();
        smoke.caches();
        smoke.readsTheConfiguration();
        smoke.mutexPassesOn();
        smoke.leaderIsKilled();
        smoke.client.close();
        smoke.rival.close();
        say("ok", "done");
        System.exit(0);
    }

    private static CuratorFramework connect(String hosts) throws Exception {
        CuratorFramework made =
                CuratorFrameworkFactory.builder()
                        .connectString(hosts)
                        .sessionTimeoutMs(10_000)
                        .connectionTimeoutMs(5_000)
                        .retryPolicy(new ExponentialBackoffRetry(100, 10, 2_000))
                        .build();
        made.start();
        check(made.blockUntilConnected(20, TimeUnit.SECONDS), "not connected within 20 s");
        return made;
    }

    private void createsWithParents() throws Exception {
        String path =
                client.create()
                        .creatingParentsIfNeeded()
                        .withMode(CreateMode.PERSISTENT_SEQUENTIAL)
                        .forPath("/curator/a/b/n-", bytes("first"));
        same(path, "/curator/a/b/n-0000000000");
        same(text(client.getData().forPath(path)), "first");
        client.create().creatingParentContainersIfNeeded().forPath("/curator/contained/x");
        Stat parent = client.checkExists().forPath("/curator/contained");
        same(parent.getNumChildren(), 1);
        Stat stat = new Stat();
        String guarded =
                client.create()
                        .storingStatIn(stat)
                        .withProtection()
                        .withMode(CreateMode.EPHEMERAL)
                        .forPath("/curator/guarded");
        check(guarded.startsWith("/curator/_c_"), guarded);
        same(stat.getEphemeralOwner(), client.getZookeeperClient().getZooKeeper().getSessionId());
        client.delete().guaranteed().deletingChildrenIfNeeded().forPath("/curator/a");
        check(client.checkExists().forPath("/curator/a") == null, "/curator/a is still there");
        say("ok", "create with parents, containers, protection, and deletion with children");
    }

    private void transactions() throws Exception {
        List<CuratorTransactionResult> results =
                client.transaction()
                        .forOperations(
                                client.transactionOp().create().forPath("/curator/t", bytes("1")),
                                client.transactionOp().setData().forPath("/curator/t", bytes("2")),
                                client.transactionOp().check().withVersion(1).forPath("/curator/t"),
                                client.transactionOp().delete().forPath("/curator/contained/x"));
        same(results.size(), 4);
        same(results.get(0).getResultPath(), "/curator/t");
        same(results.get(1).getResultStat().getVersion(), 1);
        try {
            client.transaction()
                    .forOperations(
                            client.transactionOp().create().forPath("/curator/u"),
                            client.transactionOp().check().withVersion(9).forPath("/curator/t"));
            throw new AssertionError("a transaction with a wrong version has succeeded");
        } catch (KeeperException.BadVersionException expected) {
            check(client.checkExists().forPath("/curator/u") == null, "half a transaction stayed");
        }
        say("ok", "transactions");
    }

    private void caches() throws Exception {
        client.create().forPath("/curator/cached", bytes("one"));
        Queue<String> events = new ConcurrentLinkedQueue<>();
        try (NodeCache node = new NodeCache(client, "/curator/cached");
                TreeCache tree = new TreeCache(client, "/curator/cached");
                CuratorCache cache = CuratorCache.build(client, "/curator/cached")) {
            cache.listenable()
                    .addListener(
                            CuratorCacheListener.builder()
                                    .forCreates(made -> events.add("created " + made.getPath()))
                                    .forChanges(
                                            (old, now) -> events.add("changed " + now.getPath()))
                                    .forDeletes(gone -> events.add("deleted " + gone.getPath()))
                                    .build());
            node.start(true);
            tree.start();
            cache.start();
            same(text(node.getCurrentData().getData()), "one");
            waitFor("the caches to be filled", () -> events.contains("created /curator/cached"));
            rival.setData().forPath("/curator/cached", bytes("two"));
            rival.create().forPath("/curator/cached/child", bytes("c"));
            waitFor("NodeCache", () -> text(node.getCurrentData().getData()).equals("two"));
            waitFor("TreeCache", () -> tree.getCurrentData("/curator/cached/child") != null);
            waitFor("CuratorCache", () -> cache.get("/curator/cached/child").isPresent());
            rival.delete().forPath("/curator/cached/child");
            waitFor("TreeCache", () -> tree.getCurrentData("/curator/cached/child") == null);
            waitFor("the events", () -> events.contains("deleted /curator/cached/child"));
            check(events.contains("changed /curator/cached"), events.toString());
            check(events.contains("created /curator/cached/child"), events.toString());
        }
        say("ok", "NodeCache, TreeCache and CuratorCache follow what others change");
    }

    /** Curator reads the configuration and connects to what it says from then on. */
    private void readsTheConfiguration() throws Exception {
        String config = text(client.getConfig().forEnsemble());
        same(config.lines().filter(line -> line.startsWith("server.")).count(), 3L);
        check(config.contains("version="), config);
        TreeSet<String> wanted = new TreeSet<>(Arrays.asList(hosts.split(",")));
        waitFor(
                "the connection string of the configuration",
                () -> client.getCurrentConfig().getVersion() >= 0);
        waitFor(
                "a connection string with all three servers",
                () -> new TreeSet<>(Arrays.asList(connectionString().split(","))).equals(wanted));
        say("ok", "/zookeeper/config gives the connection string again");
    }

    private String connectionString() {
        return client.getZookeeperClient().getCurrentConnectionString();
    }

    private void mutexPassesOn() throws Exception {
        InterProcessMutex mine = new InterProcessMutex(client, "/curator/lock");
        InterProcessMutex theirs = new InterProcessMutex(rival, "/curator/lock");
        check(mine.acquire(10, TimeUnit.SECONDS), "the free lock was not given");
        check(!theirs.acquire(500, TimeUnit.MILLISECONDS), "the lock was given twice");
        mine.release();
        check(theirs.acquire(10, TimeUnit.SECONDS), "the lock was not passed on");
        theirs.release();
        say("ok", "InterProcessMutex");
    }

    private void leaderIsKilled() throws Exception {
        LeaderLatch first = new LeaderLatch(client, "/curator/latch", "first");
        first.start();
        check(first.await(10, TimeUnit.SECONDS), "nobody leads");
        LeaderLatch second = new LeaderLatch(rival, "/curator/latch", "second");
        second.start();
        waitFor("both to stand for leader", () -> first.getParticipants().size() == 2);
        PersistentNode kept =
                new PersistentNode(
                        client, CreateMode.EPHEMERAL, false, "/curator/kept", bytes("k"));
        PersistentEphemeralNode old =
                new PersistentEphemeralNode(
                        client, PersistentEphemeralNode.Mode.EPHEMERAL, "/curator/old", bytes("o"));
        kept.start();
        old.start();
        check(kept.waitForInitialCreate(10, TimeUnit.SECONDS), "PersistentNode made no node");
        check(old.waitForInitialCreate(10, TimeUnit.SECONDS), "it made no ephemeral node");
        rival.delete().forPath("/curator/kept");
        waitFor("the deleted node", () -> rival.checkExists().forPath("/curator/kept") != null);
        say("ok", "LeaderLatch, and PersistentEphemeralNode comes back when it is deleted");

        long session = client.getZookeeperClient().getZooKeeper().getSessionId();
        ask("kill-leader");
        client.setData().forPath("/curator/t", bytes("after"));
        same(text(client.getData().forPath("/curator/t")), "after");
        same(client.getZookeeperClient().getZooKeeper().getSessionId(), session);
        for (String path : List.of("/curator/kept", "/curator/old")) {
            Stat stat = client.checkExists().forPath(path);
            check(stat != null && stat.getEphemeralOwner() == session, path + ": " + stat);
        }
        waitFor("one leader", () -> first.hasLeadership() != second.hasLeadership());
        say("ok", "session, ephemerals and the latch outlive the leader");
        ask("restart");

        LeaderLatch leading = first.hasLeadership() ? first : second;
        LeaderLatch waiting = leading == first ? second : first;
        leading.close();
        check(waiting.await(20, TimeUnit.SECONDS), "leadership was not passed on");
        waiting.close();
        kept.close();
        old.close();
        check(rival.checkExists().forPath("/curator/kept") == null, "the closed node is there");
        say("ok", "leadership passes on");
    }

    private static void waitFor(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        while (!condition.call()) {
            check(System.nanoTime() < end, "waited in vain for " + what);
            Thread.sleep(20);
        }
    }

    private static void say(String word, String name) {
        System.out.println(word + " " + name);
    }

    private static void ask(String name) throws Exception {
        say("ask", name);
        check(STDIN.readLine() != null, "nobody answers");
    }

    private static void check(boolean holds, String message) {
        if (!holds) throw new AssertionError(message);
    }

    private static void same(Object found, Object wanted) {
        check(wanted.equals(found), "found " + found + ", wanted " + wanted);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] data) {
        return new String(data, StandardCharsets.UTF_8);
    }
}
