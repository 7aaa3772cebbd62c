package io.tapestream.jobs.cli;

import io.tapestream.jobs.Reasons;
import io.tapestream.jobs.Shutdown;
import io.tapestream.jobs.spec.InvalidSpecException;
import io.tapestream.operators.storage.Storage;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExitCodeExceptionMapper;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command {@code tapestream}. */
@Command(
    name = "tapestream",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    scope = ScopeType.INHERIT,
    synopsisSubcommandLabel = "COMMAND",
    usageHelpAutoWidth = true,
    sortOptions = false,
    header = "Trains neural networks on live Kafka streams and keeps serving fresh.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:Done",
      "1:Failed: the job, a broker, a file; the message says why",
      "2:The command line or the job file has a mistake, or names what is not there; nothing was"
          + " started",
      "130:Ended by Ctrl-C"
    })
public final class Main {
  static final int FAILED = 1;
  static final int MISTAKE = 2;

  @Option(
      names = "--stacktrace",
      scope = ScopeType.INHERIT,
      description = "Print where in the program an error comes from.")
  private boolean stacktrace;

  private Main() {}

  /** Runs a command and exits with its code. */
  public static void main(String[] arguments) {
    FlinkPlugins.load(System.getenv());
    System.exit(commandLine().execute(arguments));
  }

  /** The whole command, to be executed with arguments. */
  static CommandLine commandLine() {
    Main main = new Main();
    CommandLine line =
        new CommandLine(main)
            .addSubcommand(new DemoCommand())
            .addSubcommand(new TrainCommand())
            .addSubcommand(new FeedCommand())
            .addSubcommand(new ServeCommand())
            .addSubcommand(new PredictCommand())
            .addSubcommand(new ShowCommand())
            .addSubcommand(new ExportCommand())
            .addSubcommand(new DiffCommand())
            .addSubcommand(new RollbackCommand())
            .addSubcommand(new LabelCommand())
            .addSubcommand(new PinCommand())
            .addSubcommand(new UnpinCommand())
            .addSubcommand(new KeygenCommand())
            .addSubcommand(ClusterCommand.commandLine())
            .addSubcommand(new SavepointCommand())
            .setExecutionExceptionHandler(main::report)
            .setParameterExceptionHandler(Main::refuse)
            .setCaseInsensitiveEnumValuesAllowed(true);
    line.setExitCodeExceptionMapper(exitCodes());
    line.registerConverter(Path.class, Storage::path);
    return line;
  }

  /** One line and where to read on, instead of the whole help. */
  private static int refuse(ParameterException error, String[] arguments) {
    CommandLine line = error.getCommandLine();
    PrintWriter err = line.getErr();
    if (arguments.length == 0) {
      line.usage(err);
      return MISTAKE;
    }
    err.println("tapestream: " + error.getMessage());
    UnmatchedArgumentException.printSuggestions(error, err);
    err.println("See: " + line.getCommandSpec().qualifiedName() + " --help");
    err.flush();
    return MISTAKE;
  }

  private int report(Exception error, CommandLine line, ParseResult result) {
    if (Shutdown.isUnderWay()) {
      return exitCodes().getExitCode(error); // the signal's own exit code wins
    }
    PrintWriter err = line.getErr();
    if (stacktrace) {
      error.printStackTrace(err);
    } else {
      List<String> reasons = Reasons.of(error);
      err.println("tapestream: " + reasons.get(0));
      reasons.stream().skip(1).forEach(reason -> err.println("  because: " + reason));
    }
    err.flush();
    return exitCodes().getExitCode(error);
  }

  private static IExitCodeExceptionMapper exitCodes() {
    return error ->
        error instanceof ParameterException
                || error instanceof InvalidSpecException
                || error instanceof NoSuchFileException
            ? MISTAKE
            : FAILED;
  }

  /** The version in the jar's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {"tapestream " + (version == null ? "(not packaged)" : version)};
    }
  }
}
