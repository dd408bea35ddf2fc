package org.tastemaker.examples;

import java.io.Console;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.align.Alignment;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.examples.align.QuickReport;
import org.tastemaker.examples.console.ConsoleProgress;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.Terminal;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiReport;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.examples.report.Cost;
import org.tastemaker.examples.report.Headline;
import org.tastemaker.examples.report.Measurement;
import org.tastemaker.feedback.ledger.CostEstimate;
import org.tastemaker.feedback.mock.MockOracle;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.optim.run.AlignmentRun;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Aligns the bundled text-to-emoji model to a judge's rankings and shows that it worked: samples,
 * rankings, rewards, DDPO on LoRA weights, a measurement on held-out seeds, a LoRA file, a report.
 */
@Command(
    name = "quick-start",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Aligns the bundled text-to-emoji model to a judge's rankings.")
public final class QuickStart implements Callable<Integer> {
  /** The exit code of a run that was stopped and can be gone on with. */
  static final int STOPPED = 130;

  /** Scores as near as this are a tie, or the judge would teach its own noise. */
  private static final double TIE = 0.03;

  @Option(
      names = "--run",
      description = "Folder of the run; goes on with the run in it (default: ${DEFAULT-VALUE}).")
  private Path run = Path.of("runs/quick-start");

  @Option(
      names = "--prompt",
      description = "What to align, an emoji's name; may be given several times.")
  private List<String> prompts = new ArrayList<>();

  @Option(names = "--rounds", description = "Rounds of training (default: ${DEFAULT-VALUE}).")
  private int rounds = 16;

  @Option(names = "--images", description = "Images ranked together (default: ${DEFAULT-VALUE}).")
  private int images = 8;

  @Option(names = "--seed", description = "Of everything (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(
      names = "--judge",
      description = "${COMPLETION-CANDIDATES}: who ranks (default: ${DEFAULT-VALUE}).")
  private JudgeName judge = JudgeName.glyphs;

  @Option(names = "--model", description = "ChatGPT's model (default: ${DEFAULT-VALUE}).")
  private String chatModel = "gpt-4.1-mini";

  @Option(names = "--base-url", description = "Of another server with OpenAI's API.")
  private @Nullable String baseUrl;

  @Option(
      names = "--measure",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "Whether bias, harm and diversity are measured too (default: they are).")
  private boolean measure = true;

  @Option(names = "--yes", description = "Pay what is estimated without asking.")
  private boolean yes;

  @SuppressWarnings("NullAway.Init")
  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec;

  /** Who ranks. */
  enum JudgeName {
    /** The simulated judge, which compares with the reference glyphs. */
    glyphs,
    /** ChatGPT, for money. */
    chatgpt
  }

  /** Made by picocli. */
  public QuickStart() {}

  /**
   * Runs the quick start.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    int code = run(args);
    if (code != 0) {
      System.exit(code);
    }
  }

  /** Returns the exit code: 0 done, 1 failed, 2 wrong arguments, 130 stopped. */
  static int run(String... args) {
    QuickStart quickStart = new QuickStart();
    return new CommandLine(quickStart)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(Failures.in(() -> quickStart.run))
        .execute(args);
  }

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    Cancellation cancellation = new Cancellation();
    CountDownLatch ended = new CountDownLatch(1);
    Thread hook =
        new Thread(
            () -> {
              cancellation.cancel();
              try { // leave the time to finish the round and to write what there is
                if (!ended.await(60, TimeUnit.SECONDS)) {
                  return;
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    Runtime.getRuntime().addShutdownHook(hook);
    try (LatentDiffusion model = BundledModel.load()) {
      return align(model, cancellation, out);
    } finally {
      ended.countDown();
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // the machine is shutting down already: the hook is what waits
      }
    }
  }

  private int align(LatentDiffusion model, Cancellation cancellation, PrintWriter out)
      throws Exception {
    GlyphJudge glyphs = BundledModel.judge();
    EmojiTask task =
        EmojiTask.consistency(glyphs, prompts.isEmpty() ? EmojiTask.quickPrompts() : prompts);
    Alignment.Settings settings =
        Alignment.Settings.defaults().with(rounds, seed).withImages(images);
    Rubric rubric = Rubrics.consistency();
    try (Alignment alignment = new Alignment(model, task, settings);
        Judge asked = judge(task, rubric, out);
        RunFolder folder = Alignment.open(run, alignment.config(asked.name), Seed.of(seed))) {
      out.printf(
          Locale.ROOT,
          "Aligning %d prompts to the judge '%s': %d rounds of %d images. Folder: %s%n",
          task.prompts().size(),
          asked.name,
          rounds,
          images * task.prompts().size(),
          run);
      out.flush();
      AlignmentRun.Result result;
      try (ConsoleProgress progress = ConsoleProgress.of("aligning", rounds)) {
        result =
            alignment.run(
                asked.oracle,
                rubric,
                folder,
                RunListener.all(words(progress), progress),
                cancellation);
      } catch (CancellationException e) {
        alignment.writeLora(run.resolve("emoji-lora.safetensors"));
        out.println(
            "Stopped. What was learnt so far is in "
                + run.resolve("emoji-lora.safetensors")
                + "; the same command goes on from here.");
        return STOPPED;
      }
      Alignment.Outcome outcome = alignment.outcome(result);
      alignment.writeLora(run.resolve("emoji-lora.safetensors"));
      List<Measurement> measured = measure ? measured(model, alignment, glyphs, out) : List.of();
      Path report =
          QuickReport.write(
              alignment, outcome, folder, asked.transcript, asked.cost(), glyphs, measured);
      Headline headline = outcome.headline();
      out.printf(
          Locale.ROOT,
          "%s%nScore on held-out seeds: %.3f before, %.3f after; change %s.%n%s%n",
          result.message(),
          headline.before(),
          headline.after(),
          headline.change().text(),
          headline.verdict());
      out.println("LoRA:   " + run.resolve("emoji-lora.safetensors"));
      out.println("Report: " + report.toAbsolutePath().normalize());
      return 0;
    }
  }

  private static RunListener words(ConsoleProgress progress) {
    Map<String, String> names = new LinkedHashMap<>();
    names.put("evaluation.rewardMean", "held-out score");
    names.put("klToReference", "KL");
    Map<String, Double> latest = new LinkedHashMap<>();
    return event -> {
      if (event instanceof RunEvent.Metrics metrics) {
        latest.putAll(metrics.values());
        Double sampling = metrics.values().get("secondsSampling");
        String rate =
            sampling == null
                ? ""
                : String.format(
                    Locale.ROOT,
                    ", %.0f images/s",
                    metrics.values().getOrDefault("images", 0.0) / sampling);
        progress.say(ConsoleProgress.words(latest, names) + rate);
      }
    };
  }

  /** The judge, what it is called, and what it has said of the latest rounds. */
  private record Judge(
      String name,
      FeedbackOracle oracle,
      QuickReport.Transcript transcript,
      @Nullable ChatGptOracle paid)
      implements AutoCloseable {
    Cost cost() {
      return paid == null ? Cost.NONE : new Cost(paid.ledger().totals().usage(), null);
    }

    @Override
    public void close() {
      if (paid != null) {
        paid.close();
      }
    }
  }

  private Judge judge(EmojiTask task, Rubric rubric, PrintWriter out) {
    QuickReport.Transcript transcript = new QuickReport.Transcript();
    if (judge == JudgeName.glyphs) {
      FeedbackOracle oracle = MockOracle.builder(task.score()).tieThreshold(TIE).build().asOracle();
      return new Judge("glyphs", transcript.around(oracle), transcript, null);
    }
    if (System.getenv("OPENAI_API_KEY") == null && baseUrl == null) {
      throw new IllegalArgumentException(
          "--judge chatgpt needs the environment variable OPENAI_API_KEY (or --base-url with a"
              + " server that asks for none); --judge glyphs needs nothing");
    }
    ChatGptOracle.Builder builder =
        ChatGptOracle.builder()
            .model(chatModel)
            .cache(run.resolveSibling(run.getFileName() + "-answers"))
            .ledgerFile(run.resolveSibling(run.getFileName() + "-ledger.jsonl"));
    if (baseUrl != null) {
      builder.baseUrl(baseUrl);
      if (System.getenv("OPENAI_API_KEY") == null) {
        builder.withoutApiKey();
      }
    }
    ChatGptOracle oracle = builder.build();
    confirm(oracle, task, rubric, out);
    return new Judge(chatModel, transcript.around(oracle), transcript, oracle);
  }

  /** Says what the rounds will cost, and asks. */
  private void confirm(ChatGptOracle oracle, EmojiTask task, Rubric rubric, PrintWriter out) {
    List<ImageGroup> round = new ArrayList<>();
    for (Prompt prompt : task.prompts()) {
      List<Image> shown = new ArrayList<>();
      for (int i = 0; i < images; i++) {
        shown.add(Image.filled(32, 32, i / (float) images, 0.5f, 0.5f));
      }
      round.add(new ImageGroup(prompt, shown));
    }
    CostEstimate estimate = oracle.estimate(round, rubric);
    BigDecimal cost = estimate.cost();
    out.printf(
        "%d rounds of %d groups judged by %s take about %,d tokens of input and %,d of output: %s.%n",
        rounds,
        round.size(),
        chatModel,
        rounds * estimate.usage().inputTokens(),
        rounds * estimate.usage().outputTokens(),
        cost == null
            ? "their price is in your provider's list"
            : cost.multiply(BigDecimal.valueOf(rounds)) + " " + estimate.currency());
    out.flush();
    if (yes) {
      return;
    }
    Console console =
        Terminal.console()
            .orElseThrow(
                () -> {
                  oracle.close();
                  return new IllegalArgumentException(
                      "nobody is there to confirm the cost: add --yes to accept it");
                });
    String answer = console.readLine("Go on? [y/N] ");
    if (answer == null || !answer.strip().toLowerCase(Locale.ROOT).startsWith("y")) {
      oracle.close();
      throw new IllegalArgumentException("not confirmed: nothing was asked and nothing was paid");
    }
  }

  /** The measurements of both models, on few images each: their intervals are wide. */
  private static List<Measurement> measured(
      LatentDiffusion model, Alignment alignment, GlyphJudge glyphs, PrintWriter out) {
    out.println("measuring both models");
    out.flush();
    LatentDiffusion aligned =
        alignment.policy().sampler().with(BundledModel.sampling().withSteps(10));
    LatentDiffusion base = model.with(BundledModel.sampling().withSteps(10));
    EmojiReport.Counts counts = new EmojiReport.Counts(1, 4, 8, 4);
    Seed seed = Seed.of(1).split("measurements");
    return Measurement.of(
        EmojiReport.of(base, glyphs, counts, seed),
        EmojiReport.of(aligned, glyphs, counts, seed),
        seed);
  }
}
