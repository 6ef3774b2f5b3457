import java.lang.reflect.Field;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Proxy;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.apache.jute.OutputArchive;
import org.apache.jute.Record;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooDefs;

/**
 * What the classes of Apache ZooKeeper say of the client protocol, run by protocol-facts.test.ts:
 * one fact a line, `KIND NAME VALUE`. Records are asked by letting them write themselves to an
 * archive that notes types and names instead of bytes.
 *
 * <p>Usage: java ProtocolFacts
 */
public final class ProtocolFacts {
    private ProtocolFacts() {}

    public static void main(String[] args) throws Exception {
        constants("operation", ZooDefs.OpCode.class);
        constants("permission", ZooDefs.Perms.class);
        for (KeeperException.Code code : KeeperException.Code.values()) {
            say("error", code.name(), code.intValue());
        }
        for (Watcher.Event.EventType type : Watcher.Event.EventType.values()) {
            say("event", type.name(), type.getIntValue());
        }
        for (Watcher.Event.KeeperState state : Watcher.Event.KeeperState.values()) {
            say("state", state.name(), state.getIntValue());
        }
        for (Watcher.WatcherType type : Watcher.WatcherType.values()) {
            say("watcher", type.name(), type.getIntValue());
        }
        for (AddWatchMode mode : AddWatchMode.values()) {
            say("watch-mode", mode.name(), mode.getMode());
        }
        for (CreateMode mode : CreateMode.values()) {
            say("create-mode", mode.name(), mode.toFlag());
        }
        records();
    }

    private static void say(String kind, String name, Object value) {
        System.out.println(kind + " " + name + " " + value);
    }

    private static void constants(String kind, Class<?> holder) throws Exception {
        for (Field field : holder.getFields()) {
            say(kind, field.getName(), field.getInt(null));
        }
    }

    /** Every record of the jar that the generated records are in. */
    private static void records() throws Exception {
        String jar = Record.class.getProtectionDomain().getCodeSource().getLocation().getPath();
        try (JarFile file = new JarFile(jar)) {
            for (JarEntry entry : java.util.Collections.list(file.entries())) {
                String path = entry.getName();
                if (!path.matches("org/apache/zookeeper/(proto|data|txn)/\\w+\\.class")) {
                    continue;
                }
                String name = path.substring(0, path.length() - 6).replace('/', '.');
                Class<?> type = Class.forName(name);
                if (Record.class.isAssignableFrom(type)) {
                    say("record", type.getSimpleName(), String.join(", ", fields(type)));
                }
            }
        }
    }

    private static List<String> fields(Class<?> type) throws Exception {
        List<String> fields = new ArrayList<>();
        InvocationHandler notes = (proxy, method, values) -> {
            String name = method.getName();
            if (name.startsWith("write") || name.equals("startVector")) {
                String field = (String) values[values.length - 1];
                fields.add(wireType(type, method.getName(), field) + " " + field);
            }
            return null;
        };
        OutputArchive archive = (OutputArchive) Proxy.newProxyInstance(
                ProtocolFacts.class.getClassLoader(), new Class<?>[] {OutputArchive.class}, notes);
        ((Record) type.getDeclaredConstructor().newInstance()).serialize(archive, "record");
        return fields;
    }

    private static String wireType(Class<?> owner, String method, String field) throws Exception {
        switch (method) {
            case "writeBool":
                return "boolean";
            case "writeString":
                return "ustring";
            case "writeRecord":
                return getter(owner, field).getTypeName().replaceAll(".*\\.", "");
            case "startVector":
                Type element = ((ParameterizedType) getter(owner, field)).getActualTypeArguments()[0];
                return "vector<" + elementType(element) + ">";
            default:
                return method.substring("write".length()).toLowerCase();
        }
    }

    private static String elementType(Type type) {
        if (type == String.class) {
            return "ustring";
        }
        return type == byte[].class ? "buffer" : type.getTypeName().replaceAll(".*\\.", "");
    }

    private static Type getter(Class<?> owner, String field) throws Exception {
        String name = "get" + Character.toUpperCase(field.charAt(0)) + field.substring(1);
        return owner.getMethod(name).getGenericReturnType();
    }
}
