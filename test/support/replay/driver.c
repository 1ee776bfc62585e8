/*
 * driver PLAN RESULTS ROOT: builds a small host of its own (mounts, processes, network) inside the folder ROOT and
 * plays the plan's scenes there, each on empty state folders, so that recorded paths and pids mean what they meant.
 */
#include "tokens.h"

#include <linux/sched.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

static char *cursor;
static char *plan;

/* Where the scene's process got to, for its parent to go on from. */
static char **reached;

static pid_t stand_ins[64];
static int stand_in_count;

static char *next(void) {
  char *token = cursor;
  cursor += strlen(cursor) + 1;
  return token;
}

/* Empty at the start of each scene. */
static const char *const STATE[] = {"/run", "/tmp", "/var/tmp", "/srv", "/opt/rec", "/var/log", "/var/lib/docker",
                                    "/var/lib/containerd", "/var/lib/containers", "/var/lib/crio"};

static void make_parents(const char *path) {
  char whole[PATH_MAX];
  snprintf(whole, sizeof whole, "%s", path);
  for (char *slash = whole + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
    *slash = 0;
    if (mkdir(whole, 0755) < 0 && errno != EEXIST) die(whole);
  }
}

static void make_folder(const char *path) {
  make_parents(path);
  if (mkdir(path, 0755) < 0 && errno != EEXIST) die(path);
}

static void make_file(const char *path, mode_t mode, const char *text) {
  make_parents(path);
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  check(file, path);
  put_bytes(file, text, strlen(text));
  close(file);
}

static void make_socket(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  make_parents(path);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check(listening, "socket");
  check(bind(listening, (struct sockaddr *)&address, sizeof address), path);
  check(listen(listening, 1), path);
}

static const struct { const char *name; uint64_t flag; } TYPES[] = {
    {"network", CLONE_NEWNET}, {"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS},
    {"pid", CLONE_NEWPID},     {"cgroup", CLONE_NEWCGROUP}};

/* A process of exactly this pid that does nothing, in new namespaces of the types named. */
static void make_process(pid_t pid, const char *types) {
  pid_t pids[2] = {1, pid};
  struct clone_args arguments = {.exit_signal = SIGCHLD, .set_tid = (uintptr_t)(pids + 1), .set_tid_size = 1};
  for (size_t index = 0; index < sizeof TYPES / sizeof *TYPES; index++)
    if (strstr(types, TYPES[index].name)) arguments.flags |= TYPES[index].flag;
  if (arguments.flags & CLONE_NEWPID) {
    arguments.set_tid = (uintptr_t)pids;
    arguments.set_tid_size = 2;
  }
  long made = syscall(SYS_clone3, &arguments, sizeof arguments);
  check((int)made, "clone3 with a chosen pid");
  if (made == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) pause();
  }
  if (stand_in_count == sizeof stand_ins / sizeof *stand_ins) die("too many processes");
  stand_ins[stand_in_count++] = pid;
}

/* The next scene may want the same pids. */
static void end_processes(void) {
  while (stand_in_count > 0) {
    kill(stand_ins[--stand_in_count], SIGKILL);
    waitpid(stand_ins[stand_in_count], NULL, 0);
  }
}

static void make_bind(const char *from, const char *to) {
  make_file(to, 0444, "");
  check(mount(from, to, NULL, MS_BIND, NULL), to);
}

/* "call PROGRAM COUNT ARGUMENTS… LENGTH …": starts the stand-in for the engine, which reads the LENGTH texts that follow. */
static void call(void) {
  char *arguments[512];
  char *program = next();
  int count = atoi(next());
  for (int index = 0; index < count; index++) arguments[index] = next();
  arguments[count] = NULL;
  int length = atoi(next());
  check((int)lseek(PLAN, cursor - plan, SEEK_SET), "seek");
  pid_t child = fork();
  check(child, "fork");
  if (child == 0) {
    fcntl(PLAN, F_SETFD, 0);
    fcntl(RESULTS, F_SETFD, 0);
    execv(program, arguments);
    die(program);
  }
  int status = 0;
  check(waitpid(child, &status, 0), "wait");
  if (status != 0) die("the caller failed");
  while (length-- > 0) next();
}

/* "file PATH MODE UID TEXT", or "absent PATH". */
static void report_file(const char *path) {
  struct stat status;
  char *text = lstat(path, &status) < 0 ? NULL : slurp(path, NULL);
  put(RESULTS, text ? "file" : "absent");
  put(RESULTS, path);
  if (!text) return;
  put_format(RESULTS, "%o", status.st_mode);
  put_format(RESULTS, "%u:%u", status.st_uid, status.st_gid);
  put(RESULTS, text);
  free(text);
}

static void play_scene(void) {
  check(unshare(CLONE_NEWNS), "unshare");
  for (size_t index = 0; index < sizeof STATE / sizeof *STATE; index++) {
    make_folder(STATE[index]);
    check(mount("tmpfs", STATE[index], "tmpfs", 0, "mode=0755"), STATE[index]);
  }
  for (;;) {
    char *word = next();
    if (!strcmp(word, "end")) break;
    else if (!strcmp(word, "folder")) make_folder(next());
    else if (!strcmp(word, "file")) {
      char *path = next();
      mode_t mode = (mode_t)strtoul(next(), NULL, 8);
      make_file(path, mode, next());
    } else if (!strcmp(word, "owner")) {
      char *path = next();
      uid_t user = (uid_t)atoi(next());
      check(chown(path, user, (gid_t)atoi(next())), path);
    } else if (!strcmp(word, "link")) {
      char *path = next();
      make_parents(path);
      check(symlink(next(), path), path);
    } else if (!strcmp(word, "socket")) make_socket(next());
    else if (!strcmp(word, "process")) {
      pid_t pid = atoi(next());
      make_process(pid, next());
    } else if (!strcmp(word, "bind")) {
      char *from = next();
      make_bind(from, next());
    } else if (!strcmp(word, "call")) call();
    else if (!strcmp(word, "read")) report_file(next());
    else die(word);
  }
  put(RESULTS, "end");
  end_processes();
  *reached = cursor;
}

static void make_node(const char *path, mode_t type, int major_number, int minor_number) {
  if (mknod(path, type | 0666, makedev((unsigned)major_number, (unsigned)minor_number)) < 0) die(path);
}

/* /dev as a container engine's host has it, as far as calls open anything there. */
static void make_devices(void) {
  check(mount("tmpfs", "dev", "tmpfs", 0, "mode=0755"), "dev");
  make_node("dev/null", S_IFCHR, 1, 3);
  make_node("dev/zero", S_IFCHR, 1, 5);
  make_node("dev/urandom", S_IFCHR, 1, 9);
  check(mkdir("dev/pts", 0755), "dev/pts");
  check(mount("devpts", "dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620"), "dev/pts");
  check(symlink("pts/ptmx", "dev/ptmx"), "dev/ptmx");
  check(mkdir("dev/shm", 01777), "dev/shm");
  check(mount("tmpfs", "dev/shm", "tmpfs", 0, "mode=1777"), "dev/shm");
}

static void enter(const char *root) {
  check(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "make mounts private");
  check(mount(root, root, NULL, MS_BIND | MS_REC, NULL), root);
  check(chdir(root), root);
  check(mount("proc", "proc", "proc", 0, NULL), "mount proc");
  make_devices();
  check((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
  check(umount2(".", MNT_DETACH), "leave the old root");
  check(chdir("/"), "/");
}

/* pid 1 of the small host. */
static int play(const char *root) {
  enter(root);
  umask(0);
  while (*cursor) {
    if (strcmp(next(), "scene")) die("scene expected");
    pid_t child = fork();
    check(child, "fork");
    if (child == 0) {
      play_scene();
      _exit(0);
    }
    int status = 0;
    check(waitpid(child, &status, 0), "wait");
    if (status != 0) return 71;
    cursor = *reached;
  }
  return 0;
}

int main(int count, char **arguments) {
  if (count != 4) die("usage: driver PLAN RESULTS ROOT");
  if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) die("close_range");
  int from = open(arguments[1], O_RDONLY | O_CLOEXEC);
  int to = open(arguments[2], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  check(from, arguments[1]);
  check(to, arguments[2]);
  check(dup3(from, PLAN, O_CLOEXEC), "dup");
  check(dup3(to, RESULTS, O_CLOEXEC), "dup");
  plan = cursor = slurp(arguments[1], NULL);
  reached = mmap(NULL, sizeof *reached, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (!plan || reached == MAP_FAILED) die(arguments[1]);
  check(unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS), "unshare (are you root?)");
  pid_t child = fork();
  check(child, "fork");
  if (child == 0) _exit(play(arguments[3]));
  int status = 0;
  check(waitpid(child, &status, 0), "wait");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 72;
}
