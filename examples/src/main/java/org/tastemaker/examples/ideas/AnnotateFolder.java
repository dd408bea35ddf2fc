package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
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
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.annotate.JobReport;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.feedback.server.LoopbackServer;

/**
 * A folder of prompts and images is judged into a dataset of preferences. The job is stopped half
 * way, on purpose, and goes on where it was: nothing is paid for twice.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.AnnotateFolder
 * </pre>
 *
 * <p>prints how many answers were paid for until the stop, after it, and on a third run. A prompt
 * is a folder with {@code prompt.txt} and its images as {@code *.png}; eight are made with the
 * bundled model if there are none in {@code runs/ideas/annotate-folder/prompts}. For real: put your
 * own there, and leave out {@code baseUrl} and {@code withoutApiKey} below; the key then comes from
 * {@code OPENAI_API_KEY}, and every answer costs money.
 */
public final class AnnotateFolder {
  private static final List<String> PROMPTS =
      List.of("penguin", "rocket", "red heart", "frog", "pizza", "robot", "lemon", "bus");

  private AnnotateFolder() {}

  /**
   * Judges the folder.
   *
   * @param args none
   * @throws IOException if the folder cannot be read or written
   */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of("runs/ideas/annotate-folder");
    if (!Files.exists(folder.resolve("prompts"))) {
      makeImages(folder.resolve("prompts"), PROMPTS, 3);
    }
    annotate(folder, System.out);
  }

  /** Answers that were paid for: until the stop, after it, on a third run; and by the dataset. */
  record Paid(long untilTheStop, long afterIt, long thirdRun, long byTheDataset) {}

  static Paid annotate(Path folder, PrintStream out) throws IOException {
    List<ImageGroup> groups = read(folder.resolve("prompts"));
    Path dataset = folder.resolve("preferences.jsonl");
    Files.deleteIfExists(dataset); // the demonstration begins anew; a real job would go on
    try (LoopbackServer server = RankImages.playChatGpt();
        ChatGptOracle oracle =
            ChatGptOracle.builder()
                .model("gpt-4.1-mini")
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
          "after it: %d, for %d groups; %d groups were there already%n",
          afterIt, resumed.judged(), resumed.alreadyThere());

      // 3. And once more: there is nothing left to do.
      job.build().run(groups);
      long thirdRun = server.answers() - untilTheStop - afterIt;
      long byTheDataset =
          PreferenceDataset.readAll(dataset).stream()
              .mapToLong(group -> group.judgement().usage().requests())
              .sum();
      out.printf(
          "on a third run: %d%n%d judgements in %s took %d answers, and %d were paid for%n",
          thirdRun, groups.size(), dataset, byTheDataset, server.answers());
      return new Paid(untilTheStop, afterIt, thirdRun, byTheDataset);
    }
  }

  /** One group for each folder with a prompt, in the order of their names. */
  private static List<ImageGroup> read(Path prompts) throws IOException {
    List<ImageGroup> groups = new ArrayList<>();
    for (Path folder : entries(prompts)) {
      List<Image> images = new ArrayList<>();
      for (Path file : entries(folder)) {
        if (file.toString().endsWith(".png")) {
          images.add(Image.fromBytes(Files.readAllBytes(file)));
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
