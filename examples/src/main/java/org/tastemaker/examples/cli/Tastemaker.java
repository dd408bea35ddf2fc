package org.tastemaker.examples.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.tastemaker.examples.console.CtrlC;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program: its commands, its exit codes, and how it says what went wrong. */
@Command(
    name = "tastemaker",
    mixinStandardHelpOptions = true,
    versionProvider = Tastemaker.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    description =
        "Aligns text-to-image models to what a judge or people prefer; also samples, ranks, measures"
            + " and converts.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  tastemaker align",
      "  tastemaker sample penguin rocket",
      "  tastemaker align --help",
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failed; the message says why, and what to do",
      "2:wrong arguments; nothing was done",
      "3:the budget or the quota of a judge is used up; the same command resumes",
      "130:stopped with Ctrl-C; the same command resumes"
    })
public final class Tastemaker {
  private Tastemaker() {}

  /**
   * Runs a command, and ends the process with its exit code.
   *
   * @param args see {@code --help}
   */
  @SuppressWarnings("try") // the Ctrl-C handler is only closed
  public static void main(String[] args) {
    Surroundings around = Surroundings.ofProgram();
    quieten();
    int code;
    try (CtrlC ctrlC = new CtrlC(around.cancellation())) {
      code = command(around).execute(args);
    }
    Failures.exit(code);
  }

  /** Libraries below report what they load; only their warnings are for whoever runs a command. */
  private static void quieten() {
    String level = "org.slf4j.simpleLogger.defaultLogLevel";
    if (System.getProperty(level) == null) {
      System.setProperty(level, "warn");
    }
  }

  static CommandLine command(Surroundings around) {
    CommandLine program = new CommandLine(new Tastemaker());
    List.of(
            new AlignCommand(around),
            new SampleCommand(around),
            new AnnotateCommand(around),
            new RankCommand(around),
            new MeasureCommand(around),
            new StudyCommand(around),
            new ConvertCommand())
        .forEach(program::addSubcommand);
    program.addSubcommand(new AutoComplete.GenerateCompletion());
    return FileNames.in(program)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler(Tastemaker::wrong)
        .setExecutionExceptionHandler((e, command, parsed) -> failed(e, command));
  }

  private static int failed(Exception failure, CommandLine command) {
    boolean writes = command.getCommand() instanceof Writes;
    Path folder = writes ? ((Writes) command.getCommand()).folder() : Path.of("");
    int code = Failures.report(failure, folder, command.getErr());
    if (code == CommandLine.ExitCode.USAGE) {
      hint(command);
    }
    if (command.getParseResult().hasMatchedOption(Output.JSON)) {
      Output.failed(command.getCommandSpec(), code, Failures.words(failure, folder));
    }
    return code;
  }

  private static int wrong(ParameterException failure, String... args) {
    CommandLine command = failure.getCommandLine();
    PrintWriter err = command.getErr();
    err.println(command.getColorScheme().errorText(Objects.toString(failure.getMessage())));
    UnmatchedArgumentException.printSuggestions(failure, err);
    hint(command);
    if (List.of(args).contains(Output.JSON)) {
      Output.failed(
          command.getCommandSpec(),
          CommandLine.ExitCode.USAGE,
          Objects.toString(failure.getMessage()));
    }
    return CommandLine.ExitCode.USAGE;
  }

  private static void hint(CommandLine command) {
    PrintWriter err = command.getErr();
    err.println(command.getCommandSpec().qualifiedName() + " --help has the options and examples");
    err.flush();
  }

  /** The version of the jar. */
  static final class Version implements IVersionProvider {
    /** Made by picocli. */
    Version() {}

    @Override
    public String[] getVersion() {
      String version = Tastemaker.class.getPackage().getImplementationVersion();
      return new String[] {"tastemaker " + (version == null ? "(not from a jar)" : version)};
    }
  }
}
