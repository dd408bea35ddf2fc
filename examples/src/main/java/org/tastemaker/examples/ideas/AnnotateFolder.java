package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
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
 * is a folder with {@code prompt.txt} and its images as {@code *.png}; eight are made with the
 * bundled model in {@code runs/ideas/annotate-folder/prompts}.
 *
 * <p>For real: set {@code OPENAI_API_KEY} and add {@code -Dexec.args="--real FOLDER"}, where your
 * prompts' folders are in {@code FOLDER/prompts}. The images go to OpenAI and every answer costs
 * money. {@code FOLDER/preferences.jsonl} is never overwritten: a run that was stopped is resumed
 * with the same command. The demonstration alone deletes its dataset, {@code demonstration.jsonl}.
 */
public final class AnnotateFolder {
  private static final String MODEL = "gpt-4.1-mini";
  private static final List<String> PROMPTS =
      List.of("penguin", "rocket", "red heart", "frog", "pizza", "robot", "lemon", "bus");

  private AnnotateFolder() {}

  /**
   * Judges the folder.
   *
   * @param args {@code --real} and a folder to ask OpenAI and pay for it, or nothing
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
          if (args.size() == 2 && args.get(0).equals("--real")) {
            try (ChatGptOracle oracle = ChatGptOracle.builder().model(MODEL).build()) {
              annotateForReal(Path.of(args.get(1)), oracle, out);
            }
          } else if (args.isEmpty()) {
            if (!Files.exists(folder.resolve("prompts"))) {
              makeImages(folder.resolve("prompts"), PROMPTS, 3);
            }
            annotate(folder, out);
          } else {
            throw new IllegalArgumentException(
                "usage: AnnotateFolder [--real FOLDER], but the arguments were " + args);
          }
        });
  }

  /** Starts a dataset, or resumes an existing one. */
  static JobReport annotateForReal(Path folder, ChatGptOracle oracle, PrintStream out)
      throws IOException {
    Path dataset = folder.resolve("preferences.jsonl");
    JobReport report =
        AnnotationJob.builder(dataset, oracle, Rubrics.consistency(), oracle.settings())
            .build()
            .run(read(folder.resolve("prompts")));
    out.printf(
        Locale.ROOT,
        "%d groups were judged and %d were there already: %s%n",
        report.judged(),
        report.alreadyThere(),
        dataset);
    return report;
  }

  /** Answers that were paid for: until the stop, after it, on a third run; and by the dataset. */
  record Paid(long untilTheStop, long afterIt, long thirdRun, long byTheDataset) {}

  static Paid annotate(Path folder, PrintStream out) throws IOException {
    List<ImageGroup> groups = read(folder.resolve("prompts"));
    Path dataset = folder.resolve("demonstration.jsonl");
    Files.deleteIfExists(dataset); // it holds answers of the local server only
    try (LoopbackServer server = RankImages.playChatGpt();
        ChatGptOracle oracle =
            ChatGptOracle.builder()
                .model(MODEL)
                .baseUrl(server.baseUrl())
                .withoutApiKey()
                .build()) {
      AnnotationJob.Builder job =
          AnnotationJob.builder(dataset, oracle, Rubrics.consistency(), oracle.settings());

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

  /** One group for each folder with a prompt, in the order of their names. */
  private static List<ImageGroup> read(Path prompts) throws IOException {
    if (!Files.isDirectory(prompts)) {
      throw new IllegalArgumentException(
          "there is no folder "
              + prompts
              + ": make one with a folder for each prompt, of prompt.txt and images as *.png");
    }
    List<ImageGroup> groups = new ArrayList<>();
    for (Path folder : entries(prompts)) {
      List<Image> images = new ArrayList<>();
      for (Path file : entries(folder)) {
        if (file.toString().endsWith(".png")) {
          images.add(Image.read(file));
        }
      }
      String text = Files.readString(folder.resolve("prompt.txt")).strip();
      groups.add(new ImageGroup(Prompt.of(text), images));
    }
    return groups;
  }

  static List<Path> entries(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
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
