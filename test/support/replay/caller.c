/*
 * Stands in for an engine's process (containerd-shim-runc-v2, conmon, podman, …: the file is copied under that
 * name and started with that process's arguments). Makes one call of the runtime as the plan says, and reports.
 */
#include "tokens.h"

#include <sys/socket.h>
#include <sys/wait.h>

enum { MOST = 512, PIPES = 32, TIME_LIMIT = 30 };

struct call {
  char *program, *cwd, *input, *adjustment;
  char *argv[MOST], *env[MOST];
  int ignores_pipe;
  struct { int number, from; } descriptors[MOST];
  int count;
};

static int pipes[PIPES][2];

static char *cursor;

static char *next(void) {
  char *token = cursor;
  cursor += strlen(cursor) + 1;
  return token;
}

static void next_list(char **list) {
  int count = atoi(next());
  if (count >= MOST) die("too many words");
  for (int index = 0; index < count; index++) list[index] = next();
  list[count] = NULL;
}

/* Every descriptor waits high and close-on-exec; the child moves it to its place. */
static int high(int descriptor) {
  int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, 300);
  check(moved, "dup");
  if (moved != descriptor) close(descriptor);
  return moved;
}

static int end_of_pair(int id, int end, int is_socket) {
  if (id <= 0 || id >= PIPES) die("pipe number");
  if (pipes[id][0] == 0) {
    if (is_socket) check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pipes[id]), "socketpair");
    else check(pipe2(pipes[id], O_CLOEXEC), "pipe");
    pipes[id][0] = high(pipes[id][0]);
    pipes[id][1] = high(pipes[id][1]);
  }
  return pipes[id][end];
}

static int open_terminal(void) {
  int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  check(master, "posix_openpt");
  check(grantpt(master), "grantpt");
  check(unlockpt(master), "unlockpt");
  int terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  check(terminal, "open terminal");
  return high(terminal);
}

static int open_target(const char *to, const char *access) {
  static int terminal = -1;
  if (!strncmp(to, "pipe:", 5)) return end_of_pair(atoi(to + 5), *access == 'w', 0);
  if (!strncmp(to, "socket:", 7)) return end_of_pair(atoi(to + 7), 0, 1);
  if (!strncmp(to, "/dev/pts/", 9)) return terminal < 0 ? (terminal = open_terminal()) : terminal;
  int mode = !strcmp(access, "rw") ? O_RDWR : *access == 'w' ? O_WRONLY | O_CREAT : O_RDONLY;
  int file = open(to, mode | O_CLOEXEC, 0644);
  check(file, to);
  return high(file);
}

static void read_call(struct call *call) {
  for (;;) {
    char *word = next();
    if (!strcmp(word, "go")) return;
    if (!strcmp(word, "program")) call->program = next();
    else if (!strcmp(word, "argv")) next_list(call->argv);
    else if (!strcmp(word, "env")) next_list(call->env);
    else if (!strcmp(word, "cwd")) call->cwd = next();
    else if (!strcmp(word, "input")) call->input = next();
    else if (!strcmp(word, "oom")) call->adjustment = next();
    else if (!strcmp(word, "ignore-pipe")) call->ignores_pipe = 1;
    else if (!strcmp(word, "descriptor")) {
      int number = atoi(next());
      char *to = next();
      call->descriptors[call->count].number = number;
      call->descriptors[call->count++].from = open_target(to, next());
    } else die(word);
  }
}

/* What descriptor 0 will find; the writing end is closed, unless the call holds it too as an engine's may. */
static void fill_input(const struct call *call) {
  for (int id = 1; id < PIPES && call->input; id++) {
    int held = 0, writer = pipes[id][1];
    if (pipes[id][0] == 0 || call->descriptors[0].from != pipes[id][0]) continue;
    put_bytes(writer, call->input, strlen(call->input));
    for (int index = 0; index < call->count; index++) held |= call->descriptors[index].from == writer;
    if (held) continue;
    close(writer);
    pipes[id][1] = -1;
  }
}

static void __attribute__((noreturn)) become(const struct call *call) {
  if (call->adjustment) {
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    check(file, "oom_score_adj");
    put_bytes(file, call->adjustment, strlen(call->adjustment));
  }
  signal(SIGPIPE, call->ignores_pipe ? SIG_IGN : SIG_DFL);
  for (int index = 0; index < call->count; index++)
    check(dup2(call->descriptors[index].from, call->descriptors[index].number), "dup2");
  umask(0022);
  check(chdir(call->cwd), call->cwd);
  execve(call->program, call->argv, call->env);
  die(call->program);
}

/* Whatever waits in the pipe that was descriptor `number`, or nothing if it was no pipe or another's. */
static void report_output(const struct call *call, const char *name, int number) {
  char buffer[65536];
  put(RESULTS, name);
  for (int index = 0; index < call->count; index++) {
    if (call->descriptors[index].number != number) continue;
    for (int id = 1; id < PIPES; id++) {
      if (pipes[id][0] == 0 || pipes[id][1] != call->descriptors[index].from) continue;
      check(fcntl(pipes[id][0], F_SETFL, O_NONBLOCK), "fcntl");
      for (ssize_t got; (got = read(pipes[id][0], buffer, sizeof buffer)) > 0;)
        put_bytes(RESULTS, buffer, (size_t)got);
    }
  }
  put_bytes(RESULTS, "", 1);
}

static void report_record(pid_t pid) {
  char path[128];
  size_t size = 0;
  snprintf(path, sizeof path, "/opt/recorder/records/%d", pid);
  char *record = slurp(path, &size);
  put(RESULTS, record ? "recorded" : "unrecorded");
  if (record) put_bytes(RESULTS, record, size);
  unlink(path);
}

int main(void) {
  static struct call call;
  fcntl(PLAN, F_SETFD, FD_CLOEXEC);
  fcntl(RESULTS, F_SETFD, FD_CLOEXEC);
  off_t at = lseek(PLAN, 0, SEEK_CUR);
  char *plan = slurp("/proc/self/fd/900", NULL);
  if (!plan) die("plan");
  cursor = plan + at;
  read_call(&call);
  fill_input(&call);
  put(RESULTS, "call");
  for (int index = 0; index < call.count; index++)
    put_descriptor(RESULTS, call.descriptors[index].from, call.descriptors[index].number);
  pid_t child = fork();
  check(child, "fork");
  if (child == 0) become(&call);
  int status = 0;
  alarm(TIME_LIMIT);
  check(waitpid(child, &status, 0), "wait");
  put(RESULTS, "status");
  put_format(RESULTS, "%d", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  put(RESULTS, "pid");
  put_format(RESULTS, "%d", child);
  report_output(&call, "stdout", 1);
  report_output(&call, "stderr", 2);
  report_record(child);
  put(RESULTS, "done");
  return 0;
}
