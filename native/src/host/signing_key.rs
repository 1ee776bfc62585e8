//! Ed25519 keys as files hold them (PKCS#8 and SPKI in PEM, RFC 8410), and signatures of a log's head. For the command
//! line only.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use rquickjs::{Ctx, IntoJs, Object, Value};

use super::reply::{HostError, HostResult};

/// No key file is longer.
const LONGEST: u64 = 4096;

/// `Signed` of src/host/administrator.ts.
#[derive(Debug)]
pub struct Signed {
    public_key: Vec<u8>,
    signature: Vec<u8>,
}

impl<'js> IntoJs<'js> for Signed {
    fn into_js(self, ctx: &Ctx<'js>) -> rquickjs::Result<Value<'js>> {
        let object = Object::new(ctx.clone())?;
        object.set("publicKey", self.public_key)?;
        object.set("signature", self.signature)?;
        Ok(object.into_value())
    }
}

/// Signs with the private key in this file, which never leaves this function. Errors: `EINVAL` for what is no file,
/// `EPERM` for a file of somebody else or one that others may open, `EBADMSG` for no Ed25519 key.
pub fn sign(path: &str, text: &str) -> HostResult<Signed> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
        .map_err(|error| HostError::from_io(&error, "open", path))?;
    let metadata = file.metadata().map_err(|error| HostError::from_io(&error, "fstat", path))?;
    if !metadata.is_file() {
        return Err(HostError::new("EINVAL", "read", path));
    }
    // SAFETY: geteuid has no precondition and cannot fail.
    let caller = unsafe { libc::geteuid() };
    if ![0, caller].contains(&metadata.uid()) || metadata.mode() & 0o077 != 0 {
        return Err(HostError::new("EPERM", "fstat", path));
    }
    let mut pem = String::new();
    let no_key = || HostError::new("EBADMSG", "read", path);
    file.take(LONGEST).read_to_string(&mut pem).map_err(|_| no_key())?;
    let key = SigningKey::from_pkcs8_pem(&pem).map_err(|_| no_key())?;
    Ok(Signed {
        public_key: key.verifying_key().to_bytes().to_vec(),
        signature: key.sign(text.as_bytes()).to_bytes().to_vec(),
    })
}

/// The 32 bytes of a public key in PEM; `EBADMSG` for anything else.
pub fn public_key(pem: &str) -> HostResult<Vec<u8>> {
    let key = VerifyingKey::from_public_key_pem(pem).map_err(|_| HostError::new("EBADMSG", "read", ""))?;
    Ok(key.to_bytes().to_vec())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// RFC 8410 section 10.3 and 10.1.
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";

    #[test]
    fn the_keys_of_rfc_8410_belong_together_and_a_file_others_may_read_is_refused() {
        let path = format!("{}/lintel-signing-key-{}", std::env::temp_dir().display(), std::process::id());
        fs::write(&path, PRIVATE).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert_eq!(sign(&path, "text").err().unwrap().code, "EPERM");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let signed = sign(&path, "text").unwrap();
        assert_eq!(signed.public_key, public_key(PUBLIC).unwrap());
        let signature = ed25519_dalek::Signature::from_slice(&signed.signature).unwrap();
        let key = VerifyingKey::from_public_key_pem(PUBLIC).unwrap();
        assert!(key.verify_strict(b"text", &signature).is_ok());
        assert!(key.verify_strict(b"Text", &signature).is_err());
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn one_kind_of_key_is_not_the_other() {
        assert_eq!(public_key(PRIVATE).err().unwrap().code, "EBADMSG");
        assert_eq!(sign("/dev/null", "").err().unwrap().code, "EINVAL");
    }
}
