package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import org.tastemaker.core.Image;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.calibration.CalibrationLearner;
import org.tastemaker.feedback.calibration.JudgeCalibration;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.openai.Explain;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.feedback.server.LoopbackServer;
import org.tastemaker.feedback.study.AgreementStudy;
import org.tastemaker.feedback.study.DatasetVerdicts;
import org.tastemaker.feedback.study.ScoreVerdicts;
import org.tastemaker.feedback.study.Stratum;
import org.tastemaker.feedback.study.StudyComparison;
import org.tastemaker.feedback.study.Verdicts;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.study.page.StudyPage;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of {@code JudgeAgreement}, and what it does. */
@Command(
    name = "JudgeAgreement",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Compares a simulated judge with simulated people.")
final class AgreementCommand implements Callable<Integer> {
  private static final String MODEL = "gpt-4.1-mini";

  private final Path folder;
  private final PrintStream out;

  @Mixin private SimulatedOptions simulated = new SimulatedOptions();

  @Option(
      names = "--calibrate",
      description =
          "Also learn what corrects the judge, and write it beside its dataset, for jobs and"
              + " rewards.")
  private boolean calibrate;

  private AgreementCommand(Path folder, PrintStream out) {
    this.folder = folder;
    this.out = out;
  }

  static CommandLine of(Path folder, PrintStream out) {
    return FileNames.in(new CommandLine(new AgreementCommand(folder, out)))
        .setExecutionExceptionHandler(Failures.in(() -> folder));
  }

  @Override
  public Integer call() throws IOException {
    List<VotedGroup> votes = simulated.votes();
    Files.createDirectories(folder);
    out.println(simulated.words());

    // 1. The judge is asked about what it was not asked before.
    Path dataset = folder.resolve("judged-" + simulated.name() + ".jsonl");
    try (LoopbackServer server = LoopbackServer.builder(simulated.judge()).start();
        ChatGptOracle oracle =
            ChatGptOracle.builder()
                .model(MODEL)
                .baseUrl(server.baseUrl())
                .withoutApiKey()
                .judging(options -> options.withExplain(Explain.AFTER))
                .protocol(Protocol.pairsInBothOrders(1))
                .build()) {
      AnnotationJob job = AnnotationJob.builder(dataset, oracle, Rubrics.consistency()).build();
      out.println(job.run(AgreementStudy.groups(votes)).words());
      out.println("answers by the judge in this run: " + server.answers());
    }

    // 2. Against people, and beside a score that looks at one image at a time.
    Verdicts verdicts = DatasetVerdicts.of("simulated judge", dataset);
    StudyComparison study =
        AgreementStudy.builder()
            .stratum(Stratum.bySame("sampling"))
            .stratum(Stratum.byRankDistance())
            .build()
            .compare(
                votes,
                verdicts,
                ScoreVerdicts.of("brightness", (image, prompt) -> brightness(image)));
    String table = study.first().table() + System.lineSeparator() + study.table();
    out.println();
    out.print(table);
    write("agreement.txt", table);
    write("agreement.csv", study.first().csv());
    out.println("written to " + folder.resolve("agreement.csv"));
    if (calibrate) {
      JudgeCalibration calibration =
          CalibrationLearner.usual().learn(votes, dataset, Clock.systemUTC().instant());
      calibration.save(JudgeCalibration.beside(dataset));
      out.print(calibration.words());
      out.println("written to " + JudgeCalibration.beside(dataset));
    }

    // 3. As a page, with the images.
    Path page = folder.resolve("agreement.html");
    StudyPage.builder("Does the simulated judge stand in for simulated people?")
        .reasons(dataset)
        .note(SimulatedVotes.NOTE)
        .build()
        .write(study.first(), votes, verdicts, page);
    out.println("page: " + page);
    return 0;
  }

  private static double brightness(Image image) {
    double sum = 0;
    for (float value : image.toFloats()) {
      sum += value;
    }
    return sum;
  }

  private void write(String name, String text) throws IOException {
    AtomicFiles.write(folder.resolve(name), text.getBytes(StandardCharsets.UTF_8));
  }
}
