package org.tastemaker.examples.people;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.run.PrivateFiles;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.feedback.DescribedOracle;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.protocol.GroupId;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.human.HumanJudge;
import org.tastemaker.human.HumanOracle;
import org.tastemaker.human.PeopleVotes;
import org.tastemaker.human.annotate.AnnotatePage;
import org.tastemaker.human.desk.Desk;
import org.tastemaker.human.desk.DeskQuestion;
import org.tastemaker.human.desk.DeskRecords;
import org.tastemaker.human.web.PageServer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of {@code AnnotateImages}, and what it does. */
@Command(
    name = "AnnotateImages",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "A page on which people judge images into a dataset of preferences.")
public final class AnnotateCommand implements Callable<Integer> {
  /** People come back: nothing is given up while the page is there. */
  private static final Duration PATIENCE = Duration.ofDays(365);

  private static final long FAREWELL = 2000; // ms in which open pages hear that all is done

  private final Serving serving;
  private PrintWriter out;

  @Mixin private AskedGroups asked = new AskedGroups();

  @Option(
      names = "--people",
      paramLabel = "NAME",
      split = ",",
      description =
          "Who judges: an address is printed for each; the first one sees everybody's figures under"
              + " /overview (default: one person).")
  private List<String> people = List.of("me");

  @Option(
      names = "--redundancy",
      paramLabel = "N",
      description = "How many people judge each group (default: ${DEFAULT-VALUE}).")
  private int redundancy = 1;

  /** How people are asked. */
  enum Asked {
    /** The whole group is put in order. */
    RANKS,
    /** All pairs of a group, one by one. */
    PAIRS
  }

  @Option(
      names = "--protocol",
      paramLabel = "HOW",
      description = "${COMPLETION-CANDIDATES}: whole groups, or pairs (default: ${DEFAULT-VALUE}).")
  private Asked protocol = Asked.RANKS;

  @Option(
      names = "--checks",
      paramLabel = "N",
      description =
          "After so many answers, a person is asked something again with the sides exchanged, or"
              + " something of --gold; 0 for never (default: ${DEFAULT-VALUE}).")
  private int checks = 10;

  @Option(
      names = "--gold",
      paramLabel = "FILE",
      description = "A dataset of known orders for checks, with its images beside it.")
  private @Nullable Path gold;

  @Option(
      names = "--reference",
      paramLabel = "FILE",
      description = "A judge's dataset of the same groups, to compare people with meanwhile.")
  private @Nullable Path reference;

  @Option(
      names = "--at-once",
      paramLabel = "N",
      description = "How many groups wait for people at a time (default: ${DEFAULT-VALUE}).")
  private int atOnce = 16;

  @Option(
      names = "--undo-seconds",
      paramLabel = "N",
      description =
          "How long the last answer can be taken back; an earlier one cannot (default:"
              + " ${DEFAULT-VALUE}).")
  private int undoSeconds = 15;

  @Option(
      names = "--run",
      paramLabel = "FOLDER",
      description =
          "Where answers, dataset and images are kept; what is there is resumed (default:"
              + " ${DEFAULT-VALUE}).")
  private Path run = Path.of("runs", "people", "annotate-images");

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "The dataset (default: people.jsonl in the run's folder).")
  private @Nullable Path dataset;

  @Option(
      names = "--export",
      paramLabel = "FILE",
      description = "Also write everybody's votes, for studies of agreement.")
  private @Nullable Path export;

  @Mixin private PageOptions page = new PageOptions();

  /**
   * A command that is not parsed yet.
   *
   * @param out receives the addresses and what is done
   * @param serving ends the page
   */
  public AnnotateCommand(PrintWriter out, Serving serving) {
    this.out = out;
    this.serving = serving;
  }

  /**
   * Does what the command does.
   *
   * @param words receives the addresses and what is done
   * @return the exit code
   * @throws IOException if something cannot be written
   * @throws InterruptedException if the page is interrupted
   */
  public int run(PrintWriter words) throws IOException, InterruptedException {
    out = words;
    return call();
  }

  /**
   * The run's folder.
   *
   * @return as given, or the default
   */
  public Path folder() {
    return run;
  }

  /**
   * The dataset that is written.
   *
   * @return as given, or the default
   */
  public Path dataset() {
    return dataset == null ? run.resolve("people.jsonl") : dataset;
  }

  /** Its exit codes are 0 done or stopped, 1 failed, 2 wrong arguments. */
  static CommandLine of(PrintWriter out, Serving serving) {
    AnnotateCommand command = new AnnotateCommand(out, serving);
    return FileNames.in(new CommandLine(command))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(Failures.in(() -> command.run));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (redundancy > people.size()) {
      throw new IllegalArgumentException(
          "--redundancy is "
              + redundancy
              + ", but there are only "
              + people.size()
              + " people: name more with --people");
    }
    if (protocol == Asked.PAIRS && redundancy > 1) {
      throw new IllegalArgumentException(
          "--protocol pairs asks one person about each pair: leave --redundancy out, or use ranks");
    }
    PrivateFiles.createFolders(run);
    Path written = dataset();
    Rubric rubric = Rubrics.consistency();
    Desk.Options options =
        new Desk.Options(
            redundancy,
            Duration.ofMinutes(10),
            Duration.ofSeconds(undoSeconds),
            checks,
            asked.seed());
    try (AskedGroups source = asked;
        Desk desk =
            Desk.open(
                run.resolve("answers.jsonl"),
                options,
                known(rubric),
                orders(),
                Clock.systemUTC())) {
      Collection<ImageGroup> groups = source.open(out);
      AnnotatePage shown = new AnnotatePage(desk, List.of(people.get(0)));
      try (PageServer server = page.serve(shown, run, people, out)) {
        judge(groups, written, rubric, desk, shown, server);
      }
    }
    if (Files.exists(written)) {
      export(written);
    }
    return 0;
  }

  private void judge(
      Collection<ImageGroup> groups,
      Path written,
      Rubric rubric,
      Desk desk,
      AnnotatePage shown,
      PageServer server)
      throws InterruptedException {
    Cancellation stop = new Cancellation();
    Thread visit =
        new Thread(
            () -> {
              try {
                serving.run(server);
              } catch (InterruptedException e) {
                return; // all is judged
              }
              stop.cancel();
              desk.stop();
            },
            "visit");
    visit.setDaemon(true);
    visit.start();
    DescribedOracle oracle =
        protocol == Asked.RANKS
            ? new HumanOracle(desk, redundancy, PATIENCE)
            : JudgeOracle.builder(new HumanJudge(desk, PATIENCE))
                .protocol(Protocol.pairsInRandomDirection(1))
                .seed(asked.seed())
                .build();
    try {
      out.println(
          AnnotationJob.builder(written, oracle, rubric)
              .concurrency(atOnce)
              .saveImages(run.resolve("images"))
              .cancellation(stop)
              .listener(
                  event -> {
                    if (event instanceof RunEvent.Progress progress) {
                      shown.progress(progress.done(), progress.total());
                    }
                  })
              .build()
              .run(groups)
              .words());
      shown.finish();
    } catch (CancellationException e) {
      out.println("stopped: the same command resumes it");
    }
    visit.join(FAREWELL);
    visit.interrupt();
  }

  private List<Desk.KnownQuestion> known(Rubric rubric) {
    List<Desk.KnownQuestion> known = new ArrayList<>();
    if (gold != null) {
      Path images = gold.resolveSibling("images");
      for (AnnotatedGroup group : PreferenceDataset.readAll(gold)) {
        if (!group.judgement().isMissing()) {
          known.add(
              new Desk.KnownQuestion(
                  new DeskQuestion(
                      "known" + group.id(), group.load(images), HumanOracle.task(rubric)),
                  group.judgement().ranking()));
        }
      }
    }
    return known;
  }

  private Map<String, Ranking> orders() {
    Map<String, Ranking> orders = new HashMap<>();
    if (reference != null) {
      Path images = reference.resolveSibling("images");
      for (AnnotatedGroup group : PreferenceDataset.readAll(reference)) {
        orders.put(group.id(), group.judgement().ranking());
        if (Files.isDirectory(images)) { // which were rounded when they were saved
          orders.put(GroupId.of(group.load(images)), group.judgement().ranking());
        }
      }
    }
    return orders;
  }

  private void export(Path written) {
    List<AnnotatedGroup> groups = PreferenceDataset.readAll(written);
    out.printf(Locale.ROOT, "%d groups are in %s%n", groups.size(), written);
    if (export != null) {
      out.println(PeopleVotes.write(DeskRecords.read(run.resolve("answers.jsonl")), export));
      out.println("the votes are in " + export);
    }
  }
}
