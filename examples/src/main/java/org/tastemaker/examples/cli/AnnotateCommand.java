package org.tastemaker.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.NothingJudgedException;
import org.tastemaker.core.Rubric;
import org.tastemaker.examples.console.ConsoleProgress;
import org.tastemaker.examples.people.AskedGroups;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.annotate.JobReport;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.ledger.CostEstimate;
import org.tastemaker.feedback.protocol.GroupId;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.rubric.Rubrics;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Judges groups of images into a dataset of preferences. */
@Command(
    name = "annotate",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "A judge ranks groups of images, and the preferences become a dataset. What has been judged"
            + " is not asked again.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  tastemaker annotate --folder prompts --out likes.jsonl --price 0.40,1.60 --budget 2.00",
      "  tastemaker annotate --folder prompts --estimate",
      "  tastemaker annotate --folder prompts --judge http --base-url http://localhost:8000/v1 --yes",
      "  tastemaker annotate --dataset likes.jsonl --judge score --score pickscore --clip PickScore_v1",
      "  tastemaker annotate --judge glyphs --prompt penguin --prompt frog --json"
    })
final class AnnotateCommand implements Callable<Integer>, Writes {
  private final Surroundings around;

  @Mixin private AskedGroups asked = new AskedGroups();

  @Mixin private JudgeOptions judge = new JudgeOptions();

  /** What the judge looks at. */
  enum Look {
    consistency,
    quality,
    harmlessness,
    fairness,
    all;

    Rubric rubric() {
      return switch (this) {
        case consistency -> Rubrics.consistency();
        case quality -> Rubrics.quality();
        case harmlessness -> Rubrics.harmlessness();
        case fairness -> Rubrics.freedomFromBias();
        case all -> Rubrics.allRound();
      };
    }
  }

  @Option(
      names = "--rubric",
      paramLabel = "WHAT",
      description =
          "What the judge looks at: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Look look = Look.consistency;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description =
          "The dataset, in JSON Lines; one that is there is resumed (default: ${DEFAULT-VALUE}).")
  private Path out = Path.of("runs/annotate/preferences.jsonl");

  @Option(
      names = "--save-images",
      description = "Also save the images in the folder 'images' beside the dataset.")
  private boolean saveImages;

  @Option(names = "--estimate", description = "Say what it would cost, and ask nothing.")
  private boolean estimate;

  @Mixin private Output output = new Output();

  AnnotateCommand(Surroundings around) {
    this.around = around;
  }

  @Override
  public Path folder() {
    Path parent = out.toAbsolutePath().getParent();
    return parent == null ? Path.of("") : parent;
  }

  @Override
  public Integer call() throws IOException {
    judge.check();
    Set<String> there = judged();
    try (AskedGroups source = asked) {
      Collection<ImageGroup> groups = source.open(output.words());
      List<ImageGroup> left =
          groups.stream()
              .filter(group -> judge.retriesMissing() || !there.contains(GroupId.of(group)))
              .toList();
      if (estimate) {
        return estimate(left);
      }
      if (left.isEmpty() && !groups.isEmpty()) {
        output.say("all %d groups are judged already: %s", groups.size(), out);
        output.result(0, Map.of("dataset", out, "judged", 0, "alreadyThere", groups.size()));
        return 0;
      }
      return judge(groups, left);
    }
  }

  private int estimate(List<ImageGroup> left) {
    if (!judge.isServer()) {
      throw new IllegalArgumentException("--estimate is for a server: this judge costs nothing");
    }
    CostEstimate cost = judge.estimate(left, look.rubric(), Protocol.listwise(2), output);
    output.say("%d groups are left: at most %s", left.size(), cost);
    Map<String, @Nullable Object> result = new LinkedHashMap<>();
    result.put("groups", left.size());
    result.put("requests", cost.usage().requests());
    result.put("tokens", cost.usage().inputTokens() + cost.usage().outputTokens());
    result.put("cost", cost.cost());
    result.put("currency", cost.cost() == null ? null : cost.currency());
    output.result(0, result);
    return 0;
  }

  private int judge(Collection<ImageGroup> groups, List<ImageGroup> left) throws IOException {
    Files.createDirectories(folder());
    JobReport report;
    String money;
    try (ConsoleProgress progress = output.progress("group", groups.size());
        JudgeOptions.Opened opened =
            judge.open(
                left, look.rubric(), Protocol.listwise(2), files(), around, output, progress)) {
      AnnotationJob.Builder job =
          AnnotationJob.builder(out, opened.oracle(), look.rubric())
              .cancellation(around.cancellation())
              .listener(progress);
      if (saveImages) {
        job.saveImages(out.resolveSibling("images"));
      }
      if (judge.retriesMissing()) {
        job.retryMissing();
      }
      report = job.build().run(groups);
      money = opened.cost().get().money();
    }
    output.say("%s: %s", report.words(), out);
    if (report.isNothingJudged()) {
      throw new NothingJudgedException("nothing is judged in " + out, report.allReasons());
    }
    Map<String, @Nullable Object> result = new LinkedHashMap<>();
    result.put("dataset", out);
    result.put("judge", judge.name());
    result.put("judged", report.judged());
    result.put("alreadyThere", report.alreadyThere());
    result.put("missing", report.missing() + report.missingThere());
    result.put("postponed", report.postponed());
    result.put("spent", money);
    output.result(0, result);
    return 0;
  }

  /** The answers and the ledger are beside the dataset, with names like its own. */
  private Path files() {
    String name = String.valueOf(out.getFileName());
    int dot = name.lastIndexOf('.');
    return out.resolveSibling(dot > 0 ? name.substring(0, dot) : name);
  }

  private Set<String> judged() {
    Set<String> ids = new HashSet<>();
    if (Files.isRegularFile(out)) {
      Object unused = PreferenceDataset.read(out, group -> ids.add(group.id()));
    }
    return ids;
  }
}
