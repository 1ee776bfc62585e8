/*
 * recording-runtime: stands in for runc. Writes what it was started with to records/PID beside itself, says one
 * known line on stdout and exits 0.
 */
#include "tokens.h"

#include <dirent.h>
#include <poll.h>
#include <sys/ioctl.h>

static const char OUTPUT[] = "recorded\n";

static void put_list(int out, const char *name, char **list) {
  int count = 0;
  while (list[count]) count++;
  put(out, name);
  put_format(out, "%d", count);
  for (int index = 0; index < count; index++) put(out, list[index]);
}

static void put_descriptors(int out) {
  for (int number = 0; number < 256; number++) {
    if (number != out) put_descriptor(out, number, number);
  }
}

/* Reads what is there already: the writer of a pipe may be kept open by an engine, and no end would come. */
static void put_input(int out) {
  struct stat status;
  struct pollfd waiting = {.fd = 0, .events = POLLIN};
  char buffer[4096];
  put(out, "input");
  if (fstat(0, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISREG(status.st_mode))) {
    while (poll(&waiting, 1, 0) > 0 && (waiting.revents & POLLIN)) {
      ssize_t got = read(0, buffer, sizeof buffer);
      if (got <= 0) break;
      put_bytes(out, buffer, (size_t)got);
    }
  }
  put_bytes(out, "", 1);
}

static void put_line_of(int out, const char *name, const char *path, const char *field) {
  char *text = slurp(path, NULL);
  char *from = text ? strstr(text, field) : NULL;
  if (from) from += strlen(field);
  put(out, name);
  put_bytes(out, from ? from : "", from ? strcspn(from, "\n") : 0);
  put_bytes(out, "", 1);
  free(text);
}

static int open_record(void) {
  char self[PATH_MAX], path[PATH_MAX + 64];
  ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  if (length < 0) die("readlink /proc/self/exe");
  self[length] = 0;
  *strrchr(self, '/') = 0;
  snprintf(path, sizeof path, "%s/records/%d", self, getpid());
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) die(path);
  /* Out of the way of the descriptors to be recorded, closed ones among them. */
  int away = fcntl(file, F_DUPFD_CLOEXEC, 1000);
  close(file);
  if (away < 0) die("dup");
  return away;
}

int main(int count, char **arguments, char **environment) {
  char folder[PATH_MAX];
  (void)count;
  int out = open_record();
  put_list(out, "argv", arguments);
  put_list(out, "env", environment);
  put(out, "cwd");
  put(out, getcwd(folder, sizeof folder) ? folder : strerror(errno));
  put_descriptors(out);
  put_line_of(out, "umask", "/proc/self/status", "\nUmask:\t");
  put_line_of(out, "ignored", "/proc/self/status", "\nSigIgn:\t");
  put_line_of(out, "blocked", "/proc/self/status", "\nSigBlk:\t");
  put_line_of(out, "oom", "/proc/self/oom_score_adj", "");
  put(out, "pid");
  put_format(out, "%d", getpid());
  put_input(out);
  put(out, "end");
  close(out);
  if (write(1, OUTPUT, sizeof OUTPUT - 1) < 0) return 0;
  return 0;
}
