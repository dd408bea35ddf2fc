package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.NothingJudgedException;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.annotate.JobReport;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.annotate.PromptFolders;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.feedback.server.LoopbackServer;

/**
 * A folder of prompts and images is judged into a dataset of preferences. The job is stopped
 * halfway, on purpose, and then resumed: nothing is paid for twice.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.AnnotateFolder
 * </pre>
 *
 * <p>prints how many answers were paid for until the stop, after it, and on a third run. A prompt
 * is a folder with {@code prompt.txt} and its images ({@link PromptFolders}); eight are made with
 * the bundled model in {@code runs/ideas/annotate-folder/prompts}.
 *
 * <p>For real: set {@code OPENAI_API_KEY} and add {@code -Dexec.args="--real FOLDER"}, where your
 * prompts' folders are in {@code FOLDER/prompts}. The images go to OpenAI and every answer costs
 * money. {@code FOLDER/preferences.jsonl} is never overwritten: a run that was stopped is resumed
 * with the same command. What the judge refused, or answered with something that is no judgement,
 * is asked again with {@code --real FOLDER --retry-missing}. The exit code is not 0 where nothing
 * is judged. The demonstration alone deletes its dataset, {@code demonstration.jsonl}.
 */
public final class AnnotateFolder {
  private static final String MODEL = "gpt-4.1-mini";
  private static final String RETRY = "--retry-missing";
  private static final String HINT =
      "The same command with " + RETRY + " asks again about what is missing.";
  private static final List<String> PROMPTS =
      List.of("penguin", "rocket", "red heart", "frog", "pizza", "robot", "lemon", "bus");

  private AnnotateFolder() {}

  /**
   * Judges the folder.
   *
   * @param args {@code --real} and a folder to ask OpenAI and pay for it, with {@code
   *     --retry-missing} behind them to ask again what is missing; or nothing
   */
  public static void main(String[] args) {
    Path folder = Path.of("runs/ideas/annotate-folder");
    Failures.exit(run(List.of(args), folder, System.out, System.err));
  }

  static int run(List<String> args, Path folder, PrintStream out, PrintStream err) {
    return Example.run(
        folder,
        err,
        () -> {
          boolean retry = args.size() == 3 && args.get(2).equals(RETRY);
          if ((args.size() == 2 || retry) && args.get(0).equals("--real")) {
            try (ChatGptOracle oracle =
                ChatGptOracle.builder().model(MODEL).listener(printing(out)).build()) {
              annotateForReal(Path.of(args.get(1)), oracle, retry, out);
            }
          } else if (args.isEmpty()) {
            if (!Files.exists(folder.resolve("prompts"))) {
              makeImages(folder.resolve("prompts"), PROMPTS, 3);
            }
            annotate(folder, out);
          } else {
            throw new IllegalArgumentException(
                "usage: AnnotateFolder [--real FOLDER [--retry-missing]], but the arguments were "
                    + args);
          }
        });
  }

  /**
   * Starts a dataset, or resumes an existing one.
   *
   * @throws NothingJudgedException if no group has a judgement
   */
  static JobReport annotateForReal(
      Path folder, ChatGptOracle oracle, boolean retry, PrintStream out) {
    Path dataset = folder.resolve("preferences.jsonl");
    AnnotationJob.Builder job =
        AnnotationJob.builder(dataset, oracle, Rubrics.consistency()).listener(printing(out));
    if (retry) {
      job.retryMissing();
    }
    JobReport report;
    try {
      report = job.build().run(PromptFolders.each(folder.resolve("prompts"), out::println));
    } catch (NothingJudgedException e) {
      out.println(HINT);
      throw e;
    }
    out.println(report.words() + ": " + dataset);
    if (report.missing() + report.missingThere() > 0) {
      out.println(HINT);
    }
    if (report.isNothingJudged()) {
      throw new NothingJudgedException("nothing is judged in " + dataset, report.allReasons());
    }
    return report;
  }

  /** What a person should know, at once. */
  private static RunListener printing(PrintStream out) {
    return event -> {
      if (event instanceof RunEvent.Notice notice) {
        out.println(notice.message());
      }
    };
  }

  /** Answers that were paid for: until the stop, after it, on a third run; and by the dataset. */
  record Paid(long untilTheStop, long afterIt, long thirdRun, long byTheDataset) {}

  static Paid annotate(Path folder, PrintStream out) throws IOException {
    List<ImageGroup> groups = PromptFolders.read(folder.resolve("prompts")).groups();
    Path dataset = folder.resolve("demonstration.jsonl");
    Files.deleteIfExists(dataset); // it holds answers of the local server only
    try (LoopbackServer server = RankImages.playChatGpt();
        ChatGptOracle oracle =
            ChatGptOracle.builder()
                .model(MODEL)
                .baseUrl(server.baseUrl())
                .withoutApiKey()
                .build()) {
      AnnotationJob.Builder job = AnnotationJob.builder(dataset, oracle, Rubrics.consistency());

      // 1. Somebody presses Ctrl-C when half of the groups are judged.
      Cancellation stop = new Cancellation();
      RunListener half =
          event -> {
            if (event instanceof RunEvent.Progress p && p.done() >= groups.size() / 2) {
              stop.cancel();
            }
          };
      try {
        job.cancellation(stop).listener(half).reportEvery(Duration.ZERO).build().run(groups);
      } catch (CancellationException e) {
        out.println(e.getMessage());
      }
      long untilTheStop = server.answers();
      out.println("answers paid for until the stop: " + untilTheStop);

      // 2. The same job again: what is in the dataset is skipped.
      job.cancellation(new Cancellation()).listener(RunListener.none());
      JobReport resumed = job.build().run(groups);
      long afterIt = server.answers() - untilTheStop;
      out.printf(
          Locale.ROOT,
          "after it: %d, for %d groups; %d groups were there already%n",
          afterIt,
          resumed.judged(),
          resumed.alreadyThere());

      // 3. And once more: there is nothing left to do.
      job.build().run(groups);
      long thirdRun = server.answers() - untilTheStop - afterIt;
      long byTheDataset =
          PreferenceDataset.readAll(dataset).stream()
              .mapToLong(group -> group.judgement().usage().requests())
              .sum();
      out.printf(
          Locale.ROOT,
          "on a third run: %d%n%d judgements in %s took %d answers, and %d were paid for%n",
          thirdRun,
          groups.size(),
          dataset,
          byTheDataset,
          server.answers());
      return new Paid(untilTheStop, afterIt, thirdRun, byTheDataset);
    }
  }

  static void makeImages(Path prompts, List<String> texts, int each) throws IOException {
    try (LatentDiffusion model = BundledModel.load()) {
      for (String text : texts) {
        Path folder = Files.createDirectories(prompts.resolve(text));
        AtomicFiles.write(folder.resolve("prompt.txt"), text);
        List<Image> images = model.generate(Collections.nCopies(each, Prompt.of(text)), Seed.of(1));
        for (int i = 0; i < each; i++) {
          AtomicFiles.write(folder.resolve(i + ".png"), images.get(i).toPng());
        }
      }
    }
  }
}
