package io.tapestream.jobs.cli;

import io.tapestream.files.SigningKey;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tapestream keygen}: a pair of keys to sign versions with and to know them by. */
@Command(
    name = "keygen",
    header = "Makes a pair of keys: one that versions are signed with, one that they are known by.",
    description = {
      "%nWrites NAME.pem, the private key for publish.signingKey, which only you can read, and NAME.public.pem for"
          + " serve --verify-key (Ed25519; openssl makes and reads the same). Never overwrites a file."
    })
final class KeygenCommand implements Callable<Integer> {
  @Spec private CommandSpec command = CommandSpec.create();

  @Parameters(paramLabel = "NAME", description = "What the files' names begin with.")
  private Path name = Path.of("versions");

  @Override
  public Integer call() throws IOException {
    SigningKey key = SigningKey.generate();
    Path privateFile = name.resolveSibling(name.getFileName() + ".pem");
    Path publicFile = name.resolveSibling(name.getFileName() + ".public.pem");
    Files.createFile(
        privateFile,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(privateFile, key.toPem(), StandardOpenOption.TRUNCATE_EXISTING);
    Files.writeString(publicFile, key.verifying().toPem(), StandardOpenOption.CREATE_NEW);
    PrintWriter out = command.commandLine().getOut();
    out.println("publish.signingKey: " + privateFile);
    out.println("serve --verify-key " + publicFile);
    out.println("fingerprint " + key.verifying().fingerprint());
    out.flush();
    return 0;
  }
}
