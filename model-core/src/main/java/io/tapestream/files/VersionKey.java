package io.tapestream.files;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.X509EncodedKeySpec;

/** A public key (Ed25519, RFC 8032) that tells whose versions are signed by its private one. */
public final class VersionKey {
  static final String ALGORITHM = "Ed25519";
  private static final String LABEL = "PUBLIC KEY";

  private final PublicKey key;
  private final String fingerprint;

  VersionKey(PublicKey key) {
    this.key = key;
    MessageDigest digest = FileEntry.newDigest();
    digest.update(key.getEncoded());
    this.fingerprint = FileEntry.hex(digest);
  }

  /**
   * Reads a key from a PEM file with an X.509 {@code PUBLIC KEY}.
   *
   * @throws IOException if the file can't be read or has no such key, saying why
   */
  public static VersionKey read(Path pem) throws IOException {
    byte[] der = Pem.read(pem, LABEL);
    try {
      return new VersionKey(
          KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(der)));
    } catch (InvalidKeySpecException e) {
      throw new IOException(pem + " has no Ed25519 public key (X.509)", e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has Ed25519", e);
    }
  }

  /** SHA-256 of the key's X.509 form, in 64 lower-case hexadecimal digits. */
  public String fingerprint() {
    return fingerprint;
  }

  /** The key as a PEM file has it. */
  public String toPem() {
    return Pem.write(LABEL, key.getEncoded());
  }

  /** Whether these bytes were signed by this key's private one. */
  boolean verifies(byte[] manifest, byte[] signature) {
    try {
      Signature verifier = Signature.getInstance(ALGORITHM);
      verifier.initVerify(key);
      verifier.update(manifest);
      return verifier.verify(signature);
    } catch (SignatureException e) {
      return false; // no signature at all
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("an Ed25519 key can verify", e);
    }
  }

  @Override
  public String toString() {
    return "key " + fingerprint;
  }
}
