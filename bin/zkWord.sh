# Asks the server of this machine a four-letter word without starting a program, for probes that run
# every few seconds. Sourced.

# ask WORD PORT: sets `answer`; waits for the end of it, 3 s at most. Fails without a server.
ask() {
  answer=''
  # The redirection itself fails, with a message of the shell, when nobody listens.
  { exec 3<>"/dev/tcp/127.0.0.1/$2"; } 2>/dev/null || return 1
  printf '%s' "$1" >&3
  # Reading to the end of the stream is no success to the shell, a time-out is above 128.
  IFS= read -r -t 3 -d '' -u 3 answer || [ $? -lt 128 ]
}
