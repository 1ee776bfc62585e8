/** Whether a variable holds a secret, by the words of its name and the shape of its value. */

// Parts of a name: split at everything but letters and digits, and where a small letter meets a capital.
const wordsOf = (name: string): readonly string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)

const secretWord =
  /^(?:pass|pwd|pw|secrets?|tokens?|credentials?|creds?|apikey|accesskey|secretkey|privatekey|authkey)$|passw(?:or)?d$|passphrase$|secret$/

// A key of these kinds is a secret; a public or a sort key is not.
const keyKind =
  /^(?:api|private|secret|access|encryption|signing|auth|master|account|shared|admin|service|app)$/

// What a name ends with that tells of something about a secret: how long it lasts, where it is, what made it.
const aboutWord =
  /^(?:ttl|expiry|expires|expiration|lifetime|length|size|type|count|limit|enabled|disabled|required|policy|algorithm|alg|header|name|user|username|host|port|addr|proto|region|prefix|issuer|audience|endpoint|url|uri|id|parallelism|mode|rounds|store|provider|hint|field|param)$/

// What kubelet sets for each service of the namespace, whatever the services are called.
const serviceLink = /_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)?)$/

/** True when the name says that the value is a secret: `DB_PASSWORD`, `apiKey`, `PGPASSWORD`. */
export const namesSecret = (name: string): boolean => {
  // Most names hold none of these, and words cost time.
  if (!/pass|pw|secret|token|cred|key/i.test(name)) return false
  // No program reads one that long; whoever set it hides something.
  if (name.length > 256) return true
  if (serviceLink.test(name)) return false
  // The shell's own: the folder it is in, and the one before.
  if (name === 'PWD' || name === 'OLDPWD') return false
  const words = wordsOf(name)
  if (aboutWord.test(words.at(-1) ?? '')) return false
  return words.some(
    (word, index) => secretWord.test(word) || (word === 'key' && keyKind.test(words[index - 1] ?? '')),
  )
}

// Settings (`ALLOW_EMPTY_PASSWORD=yes`), references to where a secret is kept, and what is put in later.
const noSecret =
  /^(?:true|false|yes|no|on|off|none|null|nil|undefined|enabled|disabled|\d{0,2})$|^(?:\/var)?\/run\/secrets\/|^(?:file|vault|op|secretref|arn:aws:(?:secretsmanager|ssm)):|^\$[{(].*[)}]$/i

/** True when a value under a secret's name can be one: not empty, a switch, or a place where the secret is kept. */
export const mayBeSecret = (value: string): boolean => value !== '' && !noSecret.test(value)

// Access keys and tokens by the prefixes their issuers gave them, and JSON Web Tokens.
const issued =
  /^(?:(?:AKIA|ASIA)[A-Z0-9]{16}$|gh[pousr]_\w{30}|github_pat_\w{30}|glpat-[\w-]{18}|xox[abprs]-[\w-]{10}|(?:sk|rk)_live_\w{16}|AIza[\w-]{35}|npm_\w{30}|dckr_pat_[\w-]{20}|hvs\.[\w-]{20}|pypi-[\w-]{30}|SG\.[\w-]{16}|AGE-SECRET-KEY-1|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.)/

// PEM, and the same in base64: `-----BEGIN` with any kind of private key, certificates and public keys apart.
const privateKey = /^(?:-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY|LS0tLS1CRUdJTi(?!BDRVJU|BQVUJMSUM))/

const userInfo = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@:\s]*:[^@/\s]+@/i

/**
 * True when the value is a secret whatever its name: an issued key, a private key, a URL with a password in it; or one
 * of these in base64.
 */
export const looksSecret = (value: string): boolean =>
  value.length >= 8 && (isPlainSecret(value) || isPlainSecret(decoded(value)))

const isPlainSecret = (value: string): boolean => {
  if (value.includes('://')) return userInfo.test(value)
  return issued.test(value) || privateKey.test(value.trimStart())
}

// The beginning tells, and no token is longer.
const longestEncoded = 4096

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** The text that stands here in base64 (RFC 4648, sections 4 and 5), or the beginning of a long one; empty where none does. */
const decoded = (value: string): string => {
  const written = value.slice(0, longestEncoded).replace(/\s+/g, '')
  const [encoded = ''] = /^[\w+/-]+(?==*$)/.exec(written) ?? []
  let text = ''
  let bits = 0
  for (let index = 0; index < encoded.length; index++) {
    const digit = encoded[index] ?? ''
    bits = ((bits << 6) | digits.indexOf(digit === '-' ? '+' : digit === '_' ? '/' : digit)) & 0x3fff
    // The first of four digits ends no byte, each other one does: 12, 18 and 24 bits are in.
    if (index % 4 === 0) continue
    const code = (bits >> (6 - 2 * (index % 4))) & 0xff
    // Keys and tokens are plain text, and most values that only look encoded are not.
    if (code > 0x7e) return ''
    text += String.fromCharCode(code)
  }
  return text.trim()
}

// In small letters, what any of the expressions above needs.
const traces =
  'pass pw secret token cred key :// akia asia ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- xox k_live_ aiza npm_ dckr_pat_ hvs. pypi- sg. eyj ls0tls1'.split(
    ' ',
  )

// The same in base64, as far as it stands by itself; `://` has one form for each place among three bytes.
const encodedTraces =
  'ci0tls0 tfmwdext oi8v ovl 6ly qutj qvnj z2hw z2hv z2h1 z2hz z2hy z2l0ahvi z2xwyxqt eg94 c2tfbgl2 cmtfbgl2 qul6 bnbt zgnrcl9w ahzz chlw u0cu qudflvnf zxlk'.split(
    ' ',
  )

/** False when nothing in the text, names or values, can be a secret: most environments are done with by this. */
export const mayHoldSecrets = (text: string): boolean => {
  const small = text.toLowerCase()
  for (const trace of traces) if (small.includes(trace)) return true
  for (const trace of encodedTraces) if (small.includes(trace)) return true
  return false
}
