package org.tastemaker.examples.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.examples.QuickStart;
import org.tastemaker.examples.align.AlignOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Aligns a model to a judge; without options it is the quick start. */
@Command(
    name = "align",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Aligns a model to what a judge prefers, and writes a LoRA file and a report.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  tastemaker align",
      "  tastemaker align --prompt fox --prompt butterfly --rounds 40 --run runs/animals",
      "  tastemaker align --judge chatgpt --price 0.40,1.60 --budget 2.00 --run runs/chatgpt",
      "  tastemaker align --judge http --base-url http://localhost:8000/v1 --judge-model qwen --yes",
    })
final class AlignCommand implements Callable<Integer>, Writes {
  private static final String SCORE = "evaluation.rewardMean";

  private final Surroundings around;

  @Mixin private AlignOptions options = new AlignOptions();

  @Mixin private Output output = new Output();

  AlignCommand(Surroundings around) {
    this.around = around;
  }

  @Override
  public Path folder() {
    return options.run();
  }

  @Override
  public Integer call() {
    QuickStart.Setup setup = around.quickStart().withProgress(output::progress);
    int code = QuickStart.align(options, setup, output.words());
    output.result(code, result());
    return code;
  }

  /** What is in the run's folder now. */
  private Map<String, @Nullable Object> result() {
    Path run = options.run();
    List<RunEvent.Metrics> metrics = RunFolder.metricsOf(run);
    List<Double> scores =
        metrics.stream().map(m -> m.values().get(SCORE)).filter(score -> score != null).toList();
    Map<String, @Nullable Object> result = new LinkedHashMap<>();
    result.put("run", run);
    result.put("rounds", metrics.stream().mapToLong(RunEvent.Metrics::step).max().orElse(0));
    result.put("scoreBefore", scores.isEmpty() ? null : scores.get(0));
    result.put("scoreAfter", scores.isEmpty() ? null : scores.get(scores.size() - 1));
    for (Map.Entry<String, String> file :
        Map.of("lora", "emoji-lora.safetensors", "report", "report.html").entrySet()) {
      Path path = run.resolve(file.getValue());
      result.put(file.getKey(), Files.exists(path) ? path : null);
    }
    return result;
  }
}
