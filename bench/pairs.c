/* Runs two commands in turn and prints, a line a round, how many microseconds each took from spawn to end. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* Puts a file back as it was before the call: a runtime that repairs rewrites it. */
static void restore(const char *from, const char *to) {
  char block[65536];
  int source = open(from, O_RDONLY), target = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  for (ssize_t count; (count = read(source, block, sizeof block)) > 0;)
    if (write(target, block, count) != count) exit(3);
  close(source);
  close(target);
}

static double run(char **words) {
  struct timespec began, ended;
  posix_spawn_file_actions_t actions;
  pid_t child;
  int status;
  posix_spawn_file_actions_init(&actions);
  for (int descriptor = 0; descriptor < 3; descriptor++)
    posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0);
  clock_gettime(CLOCK_MONOTONIC, &began);
  if (posix_spawn(&child, words[0], &actions, NULL, words, environ) != 0) exit(2);
  waitpid(child, &status, 0);
  clock_gettime(CLOCK_MONOTONIC, &ended);
  posix_spawn_file_actions_destroy(&actions);
  if (status != 0) {
    fprintf(stderr, "%s ended with status %d\n", words[0], status);
    exit(4);
  }
  return (ended.tv_sec - began.tv_sec) * 1e6 + (ended.tv_nsec - began.tv_nsec) / 1e3;
}

/* pairs ROUNDS TEMPLATE CONFIG A… -- B…; TEMPLATE "-": nothing to restore. */
int main(int count, char **words) {
  char **first = words + 4, **second = NULL;
  for (int index = 4; index < count; index++)
    if (strcmp(words[index], "--") == 0 && second == NULL) {
      words[index] = NULL;
      second = words + index + 1;
    }
  if (second == NULL) return 2;
  for (int round = -5; round < atoi(words[1]); round++) {
    if (strcmp(words[2], "-") != 0) restore(words[2], words[3]);
    double a = run(first);
    if (strcmp(words[2], "-") != 0) restore(words[2], words[3]);
    double b = run(second);
    if (round >= 0) printf("%.1f %.1f\n", a, b);
  }
  return 0;
}
