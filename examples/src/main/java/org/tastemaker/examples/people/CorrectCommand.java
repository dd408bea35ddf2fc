package org.tastemaker.examples.people;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.PrivateFiles;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.feedback.study.AgreementStudy;
import org.tastemaker.feedback.study.DatasetVerdicts;
import org.tastemaker.feedback.votes.VotedRow;
import org.tastemaker.human.review.CorrectedDataset;
import org.tastemaker.human.review.Review;
import org.tastemaker.human.review.ReviewDesk;
import org.tastemaker.human.review.ReviewOrder;
import org.tastemaker.human.review.ReviewPage;
import org.tastemaker.human.review.ReviewSummary;
import org.tastemaker.human.review.ReviewedVotes;
import org.tastemaker.human.web.PageServer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of {@code CorrectJudge}, and what it does. */
@Command(
    name = "CorrectJudge",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "A page on which people confirm or overrule a judge's verdicts.")
final class CorrectCommand implements Callable<Integer> {
  private final PrintWriter out;
  private final Serving serving;

  @Option(
      names = "--dataset",
      paramLabel = "FILE",
      description =
          "What an annotation job has written (default: images of the bundled model, judged by a"
              + " simulated judge).")
  private @Nullable Path dataset;

  @Option(
      names = "--images",
      paramLabel = "FOLDER",
      description = "Where that job has saved the images (default: 'images' beside the dataset).")
  private @Nullable Path images;

  @Option(
      names = "--people",
      paramLabel = "NAME",
      split = ",",
      description = "Who reviews: an address is printed for each (default: one person).")
  private List<String> people = List.of();

  @Option(
      names = "--order",
      paramLabel = "ORDER",
      description =
          "Which verdicts come first: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private ReviewOrder order = ReviewOrder.AS_IT_IS;

  @Option(
      names = "--redundancy",
      paramLabel = "N",
      description = "How many people review each verdict (default: ${DEFAULT-VALUE}).")
  private int redundancy = 1;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of random orders (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(
      names = "--run",
      paramLabel = "FOLDER",
      description =
          "Where clicks and results are kept; a review that is there is resumed (default: beside"
              + " the dataset, or runs/people/correct-judge).")
  private @Nullable Path run;

  @Option(names = "--export", description = "Write the results of the clicks so far, and end.")
  private boolean export;

  @Mixin private PageOptions page = new PageOptions();

  private CorrectCommand(PrintWriter out, Serving serving) {
    this.out = out;
    this.serving = serving;
  }

  /** Its exit codes are 0 done, 1 failed, 2 wrong arguments. */
  static CommandLine of(PrintWriter out, Serving serving) {
    CorrectCommand command = new CorrectCommand(out, serving);
    return FileNames.in(new CommandLine(command))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(Failures.in(command::folder));
  }

  private Path folder() {
    if (run != null) {
      return run;
    }
    return dataset == null
        ? Path.of("runs", "people", "correct-judge")
        : dataset.resolveSibling(dataset.getFileName() + ".review");
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (dataset != null && !Files.isRegularFile(dataset)) {
      throw new IllegalArgumentException(
          "--dataset must be a file that an annotation job has written, but "
              + dataset
              + " is not there");
    }
    Path folder = folder();
    PrivateFiles.createFolders(folder);
    Path judged = dataset == null ? SimulatedVerdicts.in(folder, out) : dataset;
    Path saved = images == null ? judged.resolveSibling("images") : images;
    if (!Files.isDirectory(saved)) {
      throw new IllegalArgumentException(
          "there is no folder of images "
              + saved
              + ": have the job save them (saveImages), and name the folder with --images");
    }
    ReviewDesk.Options options =
        new ReviewDesk.Options(order, redundancy, Duration.ofMinutes(10), Seed.of(seed));
    try (ReviewDesk desk =
        ReviewDesk.open(judged, folder.resolve("clicks.jsonl"), options, Clock.systemUTC())) {
      if (desk.damaged() > 0) {
        out.println(desk.damaged() + " lines of the clicks cannot be read and are left out");
      }
      if (!export) {
        try (PageServer server = page.serve(new ReviewPage(desk, saved), folder, people, out)) {
          serving.run(server);
        }
      }
      write(desk, judged, saved, folder);
    }
    return 0;
  }

  private void write(ReviewDesk desk, Path judged, Path saved, Path folder) {
    List<Review> reviews = desk.reviews();
    Path corrected = folder.resolve("corrected.jsonl");
    long overruled = CorrectedDataset.write(judged, reviews, corrected);
    List<VotedRow> rows = ReviewedVotes.rows(desk.verdicts(), reviews, saved);
    Path votes = folder.resolve("votes.jsonl");
    ReviewedVotes.write(rows, votes);
    StringBuilder text = new StringBuilder(ReviewSummary.of(desk.verdicts(), reviews).words());
    if (!rows.isEmpty()) {
      text.append(System.lineSeparator())
          .append(
              AgreementStudy.builder()
                  .build()
                  .of(ReviewedVotes.groups(rows, out::println), DatasetVerdicts.of("judge", judged))
                  .table());
    }
    AtomicFiles.write(folder.resolve("summary.txt"), text.toString());
    out.print(text);
    out.printf(
        Locale.ROOT,
        "the corrected dataset is in %s (%d judgements are people's), the votes in %s%n",
        corrected,
        overruled,
        votes);
  }
}
