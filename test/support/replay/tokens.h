/* The language driver, caller and recorder speak: texts that each end with a NUL, one after another in a file. */
#ifndef TOKENS_H
#define TOKENS_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* Descriptors the driver gives the caller: the plan, positioned at the call, and where results go. */
enum { PLAN = 900, RESULTS = 901 };

static void __attribute__((noreturn, unused)) die(const char *what) {
  fprintf(stderr, "replay: %s: %s\n", what, strerror(errno));
  _exit(70);
}

static void __attribute__((unused)) check(int result, const char *what) {
  if (result < 0) die(what);
}

/* A whole file, NUL-terminated; its size in *size unless that is NULL. NULL where it cannot be read. */
static char *__attribute__((unused)) slurp(const char *path, size_t *size) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return NULL;
  size_t room = 65536, length = 0;
  char *text = malloc(room);
  for (;;) {
    ssize_t got = read(file, text + length, room - length - 1);
    if (got <= 0) break;
    length += (size_t)got;
    if (room - length < 2) text = realloc(text, room *= 2);
  }
  close(file);
  text[length] = 0;
  if (size) *size = length;
  return text;
}

static void __attribute__((unused)) put_bytes(int out, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(out, bytes, length);
    if (written <= 0) die("write");
    bytes += written;
    length -= (size_t)written;
  }
}

static void __attribute__((unused)) put(int out, const char *text) { put_bytes(out, text, strlen(text) + 1); }

static void __attribute__((unused, format(printf, 2, 3))) put_format(int out, const char *format, ...) {
  char text[PATH_MAX];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  put(out, text);
}

/* "descriptor NUMBER TARGET FLAGS DEVICE:INODE": what an open descriptor leads to and how it was opened. */
static void __attribute__((unused)) put_descriptor(int out, int number, int shown_as) {
  char link[64], target[PATH_MAX];
  struct stat status;
  int flags = fcntl(number, F_GETFL);
  if (flags < 0 || fstat(number, &status) < 0) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", number);
  ssize_t length = readlink(link, target, sizeof target - 1);
  if (length < 0) return;
  target[length] = 0;
  put(out, "descriptor");
  put_format(out, "%d", shown_as);
  put(out, target);
  put_format(out, "%o", flags);
  put_format(out, "%lu:%lu", (unsigned long)status.st_dev, (unsigned long)status.st_ino);
}

#endif
