package org.tastemaker.examples.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.examples.console.ConsoleProgress;
import org.tastemaker.examples.ideas.VoteShapes;
import org.tastemaker.examples.measure.Csv;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.protocol.GroupId;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.feedback.study.AgreementStudy;
import org.tastemaker.feedback.study.DatasetVerdicts;
import org.tastemaker.feedback.study.StudyReport;
import org.tastemaker.feedback.study.Verdicts;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.study.page.StudyPage;
import org.tastemaker.feedback.votes.VoteFile;
import org.tastemaker.feedback.votes.VoteShape;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares a judge with people's votes. */
@Command(
    name = "study",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Does a judge stand in for people? Compares its verdicts with people's votes in a file of a"
            + " public shape: a table, a page with pictures, CSV and JSON.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  tastemaker study test.json --price 0.40,1.60 --budget 1.00",
      "  tastemaker study votes.jsonl --shape pick-a-pic --limit 500 --judge http --base-url http://localhost:8000/v1",
      "  tastemaker study test.json --judge score --score pickscore --clip PickScore_v1",
      "  tastemaker study test.json --verdicts judged.jsonl --json"
    })
final class StudyCommand implements Callable<Integer>, Writes {
  private final Surroundings around;

  @Parameters(paramLabel = "VOTES", description = "The file of votes, in JSON or JSON Lines.")
  private Path votes = Path.of("");

  @Option(
      names = "--shape",
      paramLabel = "NAME",
      description = "Of the file: " + VoteShapes.NAMES + " (default: ${DEFAULT-VALUE}).")
  private String shape = "hpdv2-test";

  @Option(
      names = "--images",
      paramLabel = "FOLDER",
      description = "The folder of its images (default: the file's).")
  private @Nullable Path images;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "How many rows, at most (default: ${DEFAULT-VALUE}).")
  private int limit = 100;

  @Option(
      names = "--verdicts",
      paramLabel = "FILE",
      description = "A dataset of what a judge said about these images: nobody is asked.")
  private @Nullable Path verdicts;

  @Mixin private JudgeOptions judge = new JudgeOptions();

  @Option(
      names = "--run",
      paramLabel = "FOLDER",
      description =
          "Of answers and report; what is judged there is not asked again (default:"
              + " ${DEFAULT-VALUE}).")
  private Path run = Path.of("runs/study");

  @Mixin private Output output = new Output();

  StudyCommand(Surroundings around) {
    this.around = around;
  }

  @Override
  public Path folder() {
    return run;
  }

  @Override
  public Integer call() throws IOException {
    // 1. The votes, before anyone is asked.
    if (limit < 1) {
      throw new IllegalArgumentException("--limit must be at least 1, but was " + limit);
    }
    if (!Files.isRegularFile(votes)) {
      throw new IllegalArgumentException("VOTES: there is no file " + votes);
    }
    if (verdicts != null && !Files.isRegularFile(verdicts)) {
      throw new IllegalArgumentException("--verdicts: there is no file " + verdicts);
    }
    VoteShape named = VoteShapes.named(shape, votes, images);
    if (verdicts == null) {
      judge.check();
    }
    List<VotedGroup> groups = new ArrayList<>();
    for (VotedGroup group : VoteFile.json(votes, named).groups(output::warn)) {
      groups.add(group);
      if (groups.size() == limit) {
        break;
      }
    }
    if (groups.isEmpty()) {
      throw new IllegalArgumentException(
          votes + " has no votes of the shape " + shape + " whose images are there");
    }

    // 2. The judge, about what it was not asked before.
    Files.createDirectories(run);
    Path dataset = verdicts == null ? judged(groups) : verdicts;

    // 3. The comparison.
    String name = verdicts == null ? judge.name() : String.valueOf(verdicts.getFileName());
    Verdicts said = DatasetVerdicts.of(name, dataset);
    StudyReport report = AgreementStudy.builder().prices(judge.prices()).build().of(groups, said);
    output.words().print(report.table());
    Path page = run.resolve("agreement.html");
    StudyPage.builder("Does " + name + " stand in for people?")
        .reasons(dataset)
        .build()
        .write(report, groups, said, page);
    AtomicFiles.write(run.resolve("agreement.csv"), report.csv().getBytes(StandardCharsets.UTF_8));
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("judge", name);
    result.put("groups", groups.size());
    result.put("page", page.toString());
    result.put("figures", figures(report));
    AtomicFiles.write(run.resolve("agreement.json"), Json.writePretty(result) + "\n");
    output.say("the page is %s; beside it are agreement.csv and agreement.json", page);
    output.result(0, result);
    return 0;
  }

  private Path judged(List<VotedGroup> groups) throws IOException {
    Path dataset = run.resolve("judged.jsonl");
    Set<String> there = new HashSet<>();
    if (Files.isRegularFile(dataset)) {
      Object unused = PreferenceDataset.read(dataset, group -> there.add(group.id()));
    }
    List<ImageGroup> asked = new ArrayList<>();
    AgreementStudy.groups(groups).forEach(asked::add);
    List<ImageGroup> left =
        asked.stream().filter(group -> !there.contains(GroupId.of(group))).toList();
    if (left.isEmpty()) {
      return dataset;
    }
    try (ConsoleProgress progress = output.progress("group", asked.size());
        JudgeOptions.Opened opened =
            judge.open(
                left,
                Rubrics.consistency(),
                Protocol.pairsInBothOrders(1),
                run.resolve("judged"),
                around,
                output,
                progress)) {
      output.say(
          "%s",
          AnnotationJob.builder(dataset, opened.oracle(), Rubrics.consistency())
              .cancellation(around.cancellation())
              .listener(progress)
              .build()
              .run(asked)
              .words());
    }
    return dataset;
  }

  /** The report's rows, each with its cells by name; those that are empty are left out. */
  private static List<Map<String, Object>> figures(StudyReport report) {
    List<List<String>> rows = Csv.rows(report.csv(), "the report");
    List<String> header = rows.get(0);
    List<Map<String, Object>> figures = new ArrayList<>();
    for (List<String> row : rows.subList(1, rows.size())) {
      Map<String, Object> figure = new LinkedHashMap<>();
      for (int i = 0; i < header.size(); i++) {
        if (!row.get(i).isEmpty()) {
          figure.put(header.get(i), value(row.get(i)));
        }
      }
      figures.add(figure);
    }
    return figures;
  }

  private static Object value(String cell) {
    try {
      double number = Double.parseDouble(cell);
      return Double.isFinite(number) ? number : cell;
    } catch (NumberFormatException e) {
      return cell;
    }
  }
}
