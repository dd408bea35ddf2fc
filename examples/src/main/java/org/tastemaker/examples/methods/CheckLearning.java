package org.tastemaker.examples.methods;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.DifferentiableReward;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.examples.console.EngineOptions;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.run.LearningCheck;
import org.tastemaker.optim.run.LearningCurve;
import org.tastemaker.optim.run.PromptSource;
import org.tastemaker.plot.LinePlot;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/**
 * Does it learn at all? Trains a model with a method for some rounds by a reward that must rise,
 * says yes or no, and draws the curve beside the one that the bundled model has with the same
 * method.
 */
@Command(
    name = "check-learning",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Trains for some rounds by a reward that must rise, and says whether it rose.",
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:it learns", "1:it does not, or it failed", "2:wrong arguments"})
public final class CheckLearning implements Callable<Integer> {
  @Option(
      names = "--model",
      description = "A model folder in the diffusers layout (default: the bundled model).")
  private @Nullable Path folder;

  @Option(names = "--method", description = "Which method, by name (default: ${DEFAULT-VALUE}).")
  private String method = Method.DDPO_IS.id();

  @Option(
      names = "--reward",
      description =
          "brightness, redness, jpeg-small, jpeg-large, or the name of a RewardModel on the class"
              + " path that has a constructor without parameters (default: ${DEFAULT-VALUE}).")
  private String reward = "brightness";

  @Option(
      names = "--run",
      description = "Where learning-<method>.png is written (default: ${DEFAULT-VALUE}).")
  private Path run = Path.of("runs/check");

  @Mixin private ProtocolOptions training = new ProtocolOptions(10, 1, 1.5);

  @Option(names = "--learning-rate", description = "Overrides the method's own.")
  private @Nullable Double learningRate;

  @Option(names = "--seed", description = "Of everything (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Mixin private EngineOptions engine = new EngineOptions();

  @Option(
      names = "--expect",
      hidden = true,
      description = "Adds the curve to this file, from which the expected ones are made.")
  private @Nullable Path expect;

  @SuppressWarnings("NullAway.Init")
  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec;

  /** Made by picocli. */
  public CheckLearning() {}

  /**
   * Runs the check.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    Failures.exit(command().execute(args));
  }

  static CommandLine command() {
    CheckLearning check = new CheckLearning();
    return FileNames.in(new CommandLine(check))
        .setExecutionExceptionHandler(Failures.in(() -> check.run));
  }

  @Override
  public Integer call() throws IOException {
    // 1. What is asked for, before any work.
    Method chosen = Method.of(method);
    if (chosen.searches() || chosen == Method.LEE) {
      throw wrong(chosen.title() + " cannot be checked: it needs more than rewards of a round");
    }
    RewardModel asked = reward();
    if (chosen.needsGradient() && !(asked instanceof DifferentiableReward)) {
      throw wrong(
          chosen.title() + " needs a reward with a gradient: --reward brightness or redness");
    }
    if (folder != null && training.prompts().equals(EmojiTask.quickPrompts())) {
      throw wrong("a model of your own needs prompts: --prompt \"...\", once or more often");
    }
    Protocol protocol = training.protocol();
    if (protocol.rounds() < LearningCurve.FEWEST_ROUNDS) {
      throw wrong(
          "a check needs at least "
              + LearningCurve.FEWEST_ROUNDS
              + " rounds to tell a rise from chance, but was asked for "
              + protocol.rounds());
    }
    Setting setting = setting(chosen);

    // 2. The check.
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        Locale.ROOT,
        "%s, %s: %s rounds of %s images, rewarded for %s%n",
        chosen.title(),
        chosen.words(setting),
        protocol.rounds(),
        protocol.imagesPerRound(),
        reward);
    out.flush();
    LearningCurve curve = curve(chosen, asked, protocol, setting, out);

    // 3. What it says.
    List<Double> expected = ExpectedCurves.bundled().of(chosen.id(), reward);
    table(curve, expected, out);
    plot(chosen, curve, expected);
    out.println(curve);
    if (expect != null) {
      ExpectedCurves.append(expect, chosen.id(), reward, curve.rises());
    }
    return curve.verdict() == LearningCurve.Verdict.LEARNS ? 0 : 1;
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private Setting setting(Method chosen) {
    Setting tuned = chosen.tuned();
    return new Setting(
        learningRate == null ? tuned.learningRate() : learningRate,
        tuned.updates(),
        tuned.strength());
  }

  private RewardModel reward() {
    RewardModel known = CheckedRewards.named(reward);
    if (known != null) {
      return known;
    }
    try {
      return Class.forName(reward)
          .asSubclass(RewardModel.class)
          .getDeclaredConstructor()
          .newInstance();
    } catch (ReflectiveOperationException | ClassCastException e) {
      throw wrong(
          String.format(
              Locale.ROOT,
              "--reward must be one of %s, or a class on the class path that implements RewardModel"
                  + " and has a public constructor without parameters, but was '%s' (%s)",
              CheckedRewards.names(),
              reward,
              e));
    }
  }

  private LearningCurve curve(
      Method chosen, RewardModel asked, Protocol protocol, Setting setting, PrintWriter out) {
    Seed all = Seed.of(seed);
    Path own = folder;
    try (LatentDiffusion loaded = own == null ? BundledModel.load() : LatentDiffusion.load(own);
        Lora lora =
            Lora.create(
                "check",
                LoraNetwork.UNET,
                loaded.components().unet().parameters(),
                chosen.lora(),
                all.split("lora"));
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                protocol
                    .sampled(loaded)
                    .with(FunctionOptions.inference().withEngine(engine.engine())),
                lora,
                DiffusionPolicy.Options.lora().withLearningRate(setting.learningRate()))) {
      Teaching teaching =
          new Teaching((batch, size) -> List.of(), asked, () -> (DifferentiableReward) asked);
      var optimizer = chosen.optimizer(policy, protocol, setting, teaching, all.split("optimizer"));
      try {
        return LearningCheck.of(
                PromptSource.all(protocol.prompts(), protocol.imagesPerPrompt()),
                chosen.sampler(optimizer, policy),
                asked,
                optimizer,
                all.split("rounds"))
            .listener(
                event -> {
                  if (event instanceof RunEvent.Notice notice) {
                    out.println(notice.message());
                    out.flush();
                  }
                })
            .run(protocol.rounds());
      } finally {
        Trial.closeIfCloseable(optimizer);
      }
    }
  }

  private static void table(LearningCurve curve, List<Double> expected, PrintWriter out) {
    List<Double> rises = curve.rises();
    out.println("round   reward     rise   expected");
    for (int i = 0; i < rises.size(); i++) {
      out.printf(
          Locale.ROOT,
          "%5d %8.4g %+8.2f   %s%n",
          i + 1,
          curve.means().get(i),
          rises.get(i),
          i < expected.size() ? String.format(Locale.ROOT, "%+8.2f", expected.get(i)) : "       -");
    }
    out.println(
        "A rise is in standard deviations of single images. Expected: the bundled model, "
            + (expected.isEmpty() ? "which was not measured with these." : "its own settings."));
  }

  private void plot(Method chosen, LearningCurve curve, List<Double> expected) throws IOException {
    LinePlot plot =
        LinePlot.of(chosen.title() + ", rewarded for " + reward, "round", "rise, in sd of images")
            .line("here", rounds(curve.rises().size()), values(curve.rises()));
    if (!expected.isEmpty()) {
      List<Double> shown = expected.subList(0, Math.min(expected.size(), curve.rises().size()));
      plot = plot.line("bundled model", rounds(shown.size()), values(shown));
    }
    Files.createDirectories(run);
    Files.write(run.resolve("learning-" + chosen.id() + ".png"), plot.draw(720, 480).toPng());
  }

  private static double[] rounds(int count) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = i + 1;
    }
    return values;
  }

  private static double[] values(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
