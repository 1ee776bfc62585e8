/*
 * linux-3.10 PROGRAM ARGUMENT…: becomes the program under a seccomp filter that answers as Linux 3.10 does, as far as
 * a filter sees. System calls added since are not there (ENOSYS); flags, commands and options added since, of calls
 * that were there, are refused with the error that 3.10 gives, or with EINVAL where 3.10 would overlook them.
 * linux-3.10 --try: makes some calls newer than 3.10, and prints a line for each: its name, and ok or the error.
 * x86-64. Sources: arch/x86/syscalls/syscall_64.tbl of the kernel, where 313 (finit_module, 3.8) is the last of 3.10
 * and 314 (sched_setattr) came with 3.14, and the manual pages' notes on versions.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIRST_NEWER 314
#define ALL 0xffffffff

/* Refuses a call whose argument, masked, lies within bounds. */
struct rule {
  int call, argument;
  uint32_t mask, from, to;
  int error;
};

/* Refuses a call with any of these flags, or with a value within bounds. */
#define FLAGS(call, argument, flags, error) {SYS_##call, argument, flags, 1, ALL, error}
#define VALUES(call, argument, from, to, error) {SYS_##call, argument, ALL, from, to, error}

static const struct rule rules[] = {
    /* O_TMPFILE without the O_DIRECTORY in it, 3.11; older kernels see a folder opened for writing. */
    FLAGS(open, 1, 020000000, EISDIR),
    FLAGS(openat, 2, 020000000, EISDIR),
    /* F_OFD_… 3.15; F_DUPFD_QUERY 6.10, F_CREATED_QUERY 6.12; F_ADD_SEALS 3.17 and what follows. */
    VALUES(fcntl, 1, 18, 1023, EINVAL),
    VALUES(fcntl, 1, 1027, 1029, EINVAL),
    VALUES(fcntl, 1, 1033, ALL, EINVAL),
    /* MADV_FREE 4.5; MADV_WIPEONFORK 4.14 to MADV_POPULATE_WRITE 5.14 and later; MADV_GUARD_INSTALL 6.13. */
    VALUES(madvise, 2, 8, 8, EINVAL),
    VALUES(madvise, 2, 18, 99, EINVAL),
    VALUES(madvise, 2, 102, ALL, EINVAL),
    /* MAP_SHARED_VALIDATE 4.15, MAP_DROPPABLE 6.11; MAP_FIXED_NOREPLACE 4.17 would be overlooked. */
    {SYS_mmap, 3, MAP_TYPE, 3, MAP_TYPE, EINVAL},
    FLAGS(mmap, 3, 0x100000, EINVAL),
    /* MREMAP_DONTUNMAP 5.7; MLOCK_ONFAULT is mlock2's, MCL_ONFAULT 4.4. */
    FLAGS(mremap, 3, ~3u, EINVAL),
    FLAGS(mlockall, 0, ~3u, EINVAL),
    /* PR_SET_THP_DISABLE 3.15 and what follows, but for PR_SET_PTRACER (0x59616d61), which is older. */
    VALUES(prctl, 0, 41, 0x59616d60, EINVAL),
    VALUES(prctl, 0, 0x59616d62, ALL, EINVAL),
    /* ARCH_GET_CPUID 4.12 and what follows. */
    VALUES(arch_prctl, 0, 0x1005, ALL, EINVAL),
    /* CLONE_NEWCGROUP 4.6, CLONE_PIDFD 5.2; clone would overlook both. */
    FLAGS(clone, 0, 0x02001000, EINVAL),
    FLAGS(unshare, 0, 0x02000080, EINVAL),
    FLAGS(setns, 1, 0x02000080, EINVAL),
    /* FUTEX_LOCK_PI2 5.14; FUTEX_CLOCK_REALTIME but with the two commands that had it. */
    {SYS_futex, 1, FUTEX_CMD_MASK, FUTEX_CMP_REQUEUE_PI + 1, ALL, ENOSYS},
    {SYS_futex, 1, ~FUTEX_PRIVATE_FLAG, FUTEX_CLOCK_REALTIME, FUTEX_CLOCK_REALTIME | FUTEX_TRYLOCK_PI, ENOSYS},
    /* FALLOC_FL_COLLAPSE_RANGE 3.15 and what follows. */
    FLAGS(fallocate, 1, ~3u, EOPNOTSUPP),
    /* P_PIDFD 5.4; AF_KCM 4.6 and what follows; O_NOTIFICATION_PIPE 5.8; AT_EMPTY_PATH of utimensat 5.8. */
    VALUES(waitid, 0, 3, ALL, EINVAL),
    VALUES(socket, 0, 41, ALL, EAFNOSUPPORT),
    FLAGS(pipe2, 1, O_EXCL, EINVAL),
    FLAGS(utimensat, 3, AT_EMPTY_PATH, EINVAL),
    FLAGS(name_to_handle_at, 4, ~(uint32_t)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH), EINVAL),
    /* TIOCGPTPEER 4.13; NS_GET_USERNS 4.9 and its kin; FICLONE, FICLONERANGE 4.5, FIDEDUPERANGE; TCGETS2 is older. */
    VALUES(ioctl, 1, 0x5441, 0x5441, ENOTTY),
    {SYS_ioctl, 1, 0xff00, 0xb700, 0xb700, ENOTTY},
    VALUES(ioctl, 1, 0x40049409, 0x40049409, ENOTTY),
    VALUES(ioctl, 1, 0x4020940d, 0x4020940d, ENOTTY),
    VALUES(ioctl, 1, 0xc0189436, 0xc0189436, ENOTTY),
};

#define COUNT (sizeof rules / sizeof *rules)
#define EACH 7

static int become_older(void) {
  static struct sock_filter code[6 + COUNT * EACH + 1];
  struct sock_filter *at = code;
  const struct sock_filter begin[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      /* x32 numbers, which a kernel may be built without, lie above too. */
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_NEWER, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
  };
  memcpy(at, begin, sizeof begin);
  at += sizeof begin / sizeof *begin;
  for (const struct rule *rule = rules; rule < rules + COUNT; rule++) {
    /* The low half of an argument; the number of the call is kept, and loaded again for the next rule. */
    const uint32_t place = (uint32_t)offsetof(struct seccomp_data, args) + 8 * (uint32_t)rule->argument;
    const struct sock_filter each[EACH] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rule->call, 0, 5),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, place),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, rule->mask),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, rule->from, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, rule->to, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)rule->error),
    };
    memcpy(at, each, sizeof each);
    at += EACH;
  }
  *at++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const struct sock_fprog program = {.len = (unsigned short)(at - code), .filter = code};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void say(const char *name, long answer) {
  printf("%s %s\n", name, answer >= 0 ? "ok" : strerrorname_np(errno));
}

/* Calls that are right where they are known. */
static void try_newer_calls(void) {
  char bytes[4096];
  const size_t page = 4096;
  struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
  void *memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const int file = open("/proc/self/exe", O_RDONLY), space = open("/proc/self/ns/mnt", O_RDONLY);
  say("statx", syscall(SYS_statx, AT_FDCWD, "/", 0, STATX_BASIC_STATS, bytes));
  say("getrandom", syscall(SYS_getrandom, bytes, 8, 0));
  say("memfd_create", syscall(SYS_memfd_create, "x", 0));
  say("membarrier", syscall(SYS_membarrier, 0, 0, 0));
  say("O_TMPFILE", open("/tmp", O_TMPFILE | O_RDWR, 0600));
  say("F_OFD_GETLK", fcntl(file, F_OFD_GETLK, &lock));
  say("MADV_POPULATE_WRITE", madvise(memory, page, 23));
  say("MADV_FREE", madvise(memory, page, 8));
  say("MAP_SHARED_VALIDATE", mmap(NULL, page, PROT_READ, MAP_SHARED_VALIDATE, file, 0) == MAP_FAILED ? -1 : 0);
  say("MAP_FIXED_NOREPLACE", mmap((char *)memory + (1 << 30), page, PROT_READ,
                                 MAP_PRIVATE | MAP_ANONYMOUS | 0x100000, -1, 0) == MAP_FAILED ? -1 : 0);
  say("PR_SET_THP_DISABLE", prctl(41, 0, 0, 0, 0));
  say("NS_GET_USERNS", ioctl(space, 0xb701));
  say("FUTEX_LOCK_PI2", syscall(SYS_futex, memory, 13, 0, NULL, NULL, 0));
}

int main(int count, char **arguments) {
  if (count == 2 && strcmp(arguments[1], "--try") == 0) {
    try_newer_calls();
    return 0;
  }
  if (count < 2 || become_older() != 0) {
    perror("linux-3.10: no filter");
    return 125;
  }
  execv(arguments[1], arguments + 1);
  perror(arguments[1]);
  return 127;
}
