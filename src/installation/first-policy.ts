/** The policy a host begins with: nothing is refused or repaired until an administrator has read what would be. */
import type { Mode } from '../core/policy.ts'

export const policyFile = '/etc/lintel/policy.toml'

/** Text of the first policy file. */
export const firstPolicy = (
  mode: Mode,
): string => `# What containers on this host may be. After a change: lintel policy check
# Settings of each rule: lintel rules; lintel explain RULE. Drop-ins: /etc/lintel/policy.d/*.toml
version = 1

# Where the rules start from: lintel profile list
profile = "cis-docker-1.13.0"

# "warn" records what it would have refused or repaired (verdict would_deny) and never blocks.
# "enforce" refuses and repairs. Read /var/log/lintel/decisions.jsonl for some days before you change it.
mode = "${mode}"

# [rules.memory-limit]
# action = "fix"                  # deny | fix | warn | off
# default = "512MiB"

# [[exemptions]]
# rules   = ["readonly-rootfs"]
# where   = { engine = "docker", image = "registry.example/legacy:*" }
# reason  = "writes its state below /opt until 3.0"
# owner   = "shop-team"
# expires = 2027-03-31
`
