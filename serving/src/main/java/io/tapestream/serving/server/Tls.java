package io.tapestream.serving.server;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The server's certificate and key, in files that may be replaced while it runs. */
public sealed interface Tls {
  /** Password of the key within a store in memory, which is never written. */
  String IN_MEMORY = "in-memory";

  /** The files. */
  List<Path> files();

  /** Password of the key in {@link #load}'s store. */
  String password();

  /**
   * Reads the files.
   *
   * @throws IOException if they can't be read or hold no certificate with its key, naming the file
   */
  KeyStore load() throws IOException;

  /**
   * PEM files.
   *
   * @param certificates the server's certificate, then those that vouch for it
   * @param key its key, unencrypted, as PKCS #8 ({@code BEGIN PRIVATE KEY})
   */
  static Tls pem(Path certificates, Path key) {
    return new Pem(certificates, key);
  }

  /** A PKCS #12 file with one key and its certificates. */
  static Tls pkcs12(Path store, String password) {
    return new Pkcs12(store, password);
  }

  /** Checks that there is a key, and that each key signs what its certificate verifies. */
  private static void requireKeyWithCertificate(Tls tls, KeyStore store)
      throws IOException, GeneralSecurityException {
    boolean found = false;
    for (String alias : Collections.list(store.aliases())) {
      if (store.isKeyEntry(alias)
          && store.getKey(alias, tls.password().toCharArray()) instanceof PrivateKey key) {
        if (!belongTogether(tls, key, store.getCertificate(alias))) {
          throw new IOException(tls.files() + ": the certificate is that of another key");
        }
        found = true;
      }
    }
    if (!found) {
      throw new IOException(tls.files() + " holds no key: give one with the server's certificate");
    }
  }

  private static boolean belongTogether(Tls tls, PrivateKey key, Certificate certificate)
      throws IOException, GeneralSecurityException {
    Signature signature =
        Signature.getInstance(
            switch (key.getAlgorithm()) {
              case "RSA" -> "SHA256withRSA";
              case "EC" -> "SHA256withECDSA";
              case "EdDSA" -> "EdDSA";
              default ->
                  throw new IOException(
                      tls.files() + " holds a key that is none of " + Pem.ALGORITHMS);
            });
    byte[] message = {1, 2, 3};
    signature.initSign(key);
    signature.update(message);
    byte[] signed = signature.sign();
    signature.initVerify(certificate.getPublicKey()); // whatever uses the certificate allows
    signature.update(message);
    return signature.verify(signed);
  }

  /** What {@link #pem} is. */
  record Pem(Path certificates, Path key) implements Tls {
    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA");
    private static final Pattern KEY =
        Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

    @Override
    public List<Path> files() {
      return List.of(certificates, key);
    }

    @Override
    public String password() {
      return IN_MEMORY;
    }

    @Override
    public KeyStore load() throws IOException {
      try {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("server", readKey(), password().toCharArray(), readCertificates());
        requireKeyWithCertificate(this, store);
        return store;
      } catch (GeneralSecurityException | IllegalArgumentException e) {
        throw new IOException(certificates + " and " + key + " don't fit: " + e.getMessage(), e);
      }
    }

    private Certificate[] readCertificates() throws IOException, GeneralSecurityException {
      byte[] bytes = Files.readAllBytes(certificates);
      Certificate[] chain =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(bytes))
              .toArray(Certificate[]::new);
      if (chain.length == 0) {
        throw new IOException(certificates + " holds no certificate in PEM form");
      }
      return chain;
    }

    private PrivateKey readKey() throws IOException, GeneralSecurityException {
      Matcher pem = KEY.matcher(Files.readString(key, StandardCharsets.ISO_8859_1));
      if (!pem.find()) {
        throw new IOException(
            key
                + " holds no unencrypted key in PKCS #8 form (BEGIN PRIVATE KEY): convert it with"
                + " openssl pkcs8 -topk8 -nocrypt");
      }
      PKCS8EncodedKeySpec spec =
          new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem.group(1)));
      IOException unknown = new IOException(key + " holds a key that is none of " + ALGORITHMS);
      for (String algorithm : ALGORITHMS) {
        try {
          return KeyFactory.getInstance(algorithm).generatePrivate(spec);
        } catch (InvalidKeySpecException anotherKind) {
          unknown.addSuppressed(anotherKind);
        }
      }
      throw unknown;
    }
  }

  /** What {@link #pkcs12} is. */
  record Pkcs12(Path store, String password) implements Tls {
    @Override
    public List<Path> files() {
      return List.of(store);
    }

    @Override
    public KeyStore load() throws IOException {
      try (InputStream in = Files.newInputStream(store)) {
        KeyStore loaded = KeyStore.getInstance("PKCS12");
        loaded.load(in, password.toCharArray());
        requireKeyWithCertificate(this, loaded);
        return loaded;
      } catch (GeneralSecurityException e) {
        throw new IOException(store + " can't be used: " + e.getMessage(), e);
      }
    }

    @Override
    public String toString() {
      return "Pkcs12[" + store + "]"; // without the password
    }
  }
}
