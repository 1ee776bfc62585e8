//! Whether a key made a signature (RS256, ES256: RFC 7518; EdDSA with Ed25519: RFC 8037). Nothing here signs or chooses.

use ed25519_dalek as ed25519;
use p256::ecdsa::{self, signature::Verifier};
use rquickjs::Object;
use rsa::{BoxedUint, RsaPublicKey, pkcs1v15};
use sha2::Sha256;

/// Keys below can be factored by those who can afford it (NIST SP 800-131A).
const LEAST_RSA_BITS: u32 = 2048;

/// `verifySignature({algorithm, key, text, signature})` of src/host/host.ts.
pub fn verify(signed: Object<'_>) -> rquickjs::Result<bool> {
    let algorithm: String = signed.get("algorithm")?;
    let key: Vec<Vec<u8>> = signed.get("key")?;
    let text: String = signed.get("text")?;
    let signature: Vec<u8> = signed.get("signature")?;
    let parts: Vec<&[u8]> = key.iter().map(Vec::as_slice).collect();
    let verified = match (algorithm.as_str(), parts.as_slice()) {
        ("RS256", [modulus, exponent]) => rs256(modulus, exponent, text.as_bytes(), &signature),
        ("ES256", [x, y]) => es256(x, y, text.as_bytes(), &signature),
        ("EdDSA", [point]) => eddsa(point, text.as_bytes(), &signature),
        _ => None,
    };
    Ok(verified.is_some())
}

fn rs256(modulus: &[u8], exponent: &[u8], text: &[u8], signature: &[u8]) -> Option<()> {
    let modulus = BoxedUint::from_be_slice_vartime(modulus);
    if modulus.bits_vartime() < LEAST_RSA_BITS {
        return None;
    }
    let key = RsaPublicKey::new(modulus, BoxedUint::from_be_slice_vartime(exponent)).ok()?;
    let signature = pkcs1v15::Signature::try_from(signature).ok()?;
    pkcs1v15::VerifyingKey::<Sha256>::new(key).verify(text, &signature).ok()
}

/// The signature is r and s, 32 bytes each; a DER sequence is none, nor is a zero.
fn es256(x: &[u8], y: &[u8], text: &[u8], signature: &[u8]) -> Option<()> {
    let mut point = vec![4];
    point.extend_from_slice(x);
    point.extend_from_slice(y);
    if x.len() != 32 {
        return None;
    }
    let key = ecdsa::VerifyingKey::from_sec1_bytes(&point).ok()?;
    key.verify(text, &ecdsa::Signature::from_slice(signature).ok()?).ok()
}

/// Strictly: keys and commitments of small order sign anything, and are refused.
fn eddsa(point: &[u8], text: &[u8], signature: &[u8]) -> Option<()> {
    let key = ed25519::VerifyingKey::from_bytes(point.try_into().ok()?).ok()?;
    key.verify_strict(text, &ed25519::Signature::from_slice(signature).ok()?).ok()
}
