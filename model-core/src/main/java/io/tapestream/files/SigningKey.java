package io.tapestream.files;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;

/** A private key (Ed25519, RFC 8032) that signs versions. It never shows itself. */
public final class SigningKey {
  private static final String LABEL = "PRIVATE KEY";

  private final PrivateKey key;
  private final VersionKey verifying;

  private SigningKey(PrivateKey key, VersionKey verifying) {
    this.key = key;
    this.verifying = verifying;
  }

  /** A new one. */
  public static SigningKey generate() {
    try {
      KeyPair pair = KeyPairGenerator.getInstance(VersionKey.ALGORITHM).generateKeyPair();
      return new SigningKey(pair.getPrivate(), new VersionKey(pair.getPublic()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has Ed25519", e);
    }
  }

  /**
   * Reads a key from a PEM file with a PKCS#8 {@code PRIVATE KEY}, without a password.
   *
   * @throws IOException if the file can't be read or has no such key, saying why and never what is
   *     in it
   */
  public static SigningKey read(Path pem) throws IOException {
    byte[] der = Pem.read(pem, LABEL);
    try {
      PrivateKey key =
          KeyFactory.getInstance(VersionKey.ALGORITHM)
              .generatePrivate(new PKCS8EncodedKeySpec(der));
      return new SigningKey(key, verifying(key));
    } catch (InvalidKeySpecException e) {
      throw new IOException(pem + " has no Ed25519 private key (PKCS#8, without a password)", e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has Ed25519", e);
    }
  }

  /** The public key of a private one: a key pair is generated from its bytes. */
  private static VersionKey verifying(PrivateKey key) throws GeneralSecurityException {
    byte[] seed =
        ((EdECPrivateKey) key)
            .getBytes()
            .orElseThrow(() -> new InvalidKeySpecException("the key has no bytes"));
    KeyPairGenerator generator = KeyPairGenerator.getInstance(VersionKey.ALGORITHM);
    generator.initialize(NamedParameterSpec.ED25519, new Given(seed));
    return new VersionKey(generator.generateKeyPair().getPublic());
  }

  /** The key that verifies what this one signs. */
  public VersionKey verifying() {
    return verifying;
  }

  /** The private key as a PEM file has it. */
  public String toPem() {
    return Pem.write(LABEL, key.getEncoded());
  }

  /** The signature of a manifest, as {@code manifest.json.sig} has it. */
  public VersionSignature sign(String manifest) {
    byte[] bytes = manifest.getBytes(StandardCharsets.UTF_8);
    try {
      Signature signature = Signature.getInstance(VersionKey.ALGORITHM);
      signature.initSign(key);
      signature.update(bytes);
      return new VersionSignature(verifying.fingerprint(), signature.sign());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("an Ed25519 key can sign", e);
    }
  }

  /** Says nothing of the key but which one it is. */
  @Override
  public String toString() {
    return "signing key " + verifying.fingerprint();
  }

  /** Gives the bytes of a private key where a generator asks for new ones. */
  private static final class Given extends SecureRandom {
    private static final long serialVersionUID = 1L;
    private final byte[] bytes;

    Given(byte[] bytes) {
      this.bytes = bytes.clone();
    }

    @Override
    public void nextBytes(byte[] into) {
      System.arraycopy(bytes, 0, into, 0, into.length);
    }
  }
}
