package org.tastemaker.diffusion;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Objects;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunListener;
import org.tastemaker.diffusion.condition.Conditioner;
import org.tastemaker.diffusion.condition.Conditions;
import org.tastemaker.diffusion.condition.PromptEncoder;
import org.tastemaker.diffusion.condition.PromptOptions;
import org.tastemaker.diffusion.condition.TextualInversion;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.schedule.CpuStepKernel;
import org.tastemaker.diffusion.schedule.DdimScheduler;
import org.tastemaker.diffusion.schedule.DenoisingRange;
import org.tastemaker.diffusion.schedule.SamplingRun;
import org.tastemaker.diffusion.schedule.Scheduler;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.schedule.SchedulerKind;
import org.tastemaker.diffusion.schedule.Schedulers;
import org.tastemaker.diffusion.schedule.StepKernel;

/**
 * What a view of a model consists of: the parts, which all views share, and how this one uses them.
 *
 * @param components the networks and their configuration
 * @param conditioner encodes prompts, with the cache of encoded texts
 * @param options how to sample
 * @param rollouts what rollouts draw
 * @param sampler for images; rollouts are always DDIM's
 * @param adapted where the U-Net's adapter is active
 * @param execution how the U-Net runs, and on which engine the autoencoder does
 * @param kernel computes denoising steps
 * @param listener receives progress
 * @param cancellation checked before each denoising step
 */
@RecordBuilder
record View(
    Components components,
    Conditioner conditioner,
    SamplingOptions options,
    RolloutOptions rollouts,
    SchedulerKind sampler,
    DenoisingRange adapted,
    FunctionOptions execution,
    StepKernel kernel,
    RunListener listener,
    Cancellation cancellation)
    implements ViewBuilder.With {
  View {
    Objects.requireNonNull(components, "components == null");
    Objects.requireNonNull(conditioner, "conditioner == null");
    Objects.requireNonNull(options, "options == null");
    Objects.requireNonNull(rollouts, "rollouts == null");
    Objects.requireNonNull(sampler, "sampler == null");
    Objects.requireNonNull(adapted, "adapted == null: use DenoisingRange.ALL");
    Objects.requireNonNull(execution, "execution == null");
    Objects.requireNonNull(kernel, "kernel == null");
    Objects.requireNonNull(listener, "listener == null");
    Objects.requireNonNull(cancellation, "cancellation == null");
  }

  /** Samples as the model's scheduler_config.json says, with the default options, on the CPU. */
  static View of(Components components) {
    return new View(
        components,
        Conditioner.of(components.encoder(Engines.auto(), PromptOptions.defaults())),
        SamplingOptions.defaults(),
        RolloutOptions.defaults(),
        components.scheduler().kind(),
        DenoisingRange.ALL,
        FunctionOptions.inference(),
        new CpuStepKernel(),
        RunListener.none(),
        new Cancellation());
  }

  private PromptEncoder encoder() {
    return (PromptEncoder) conditioner.encoder(); // of which all views are made
  }

  /** How prompts are read. */
  PromptOptions prompts() {
    return encoder().options();
  }

  /** Prompts read in another way, and so with a cache of texts of its own. */
  View withPrompts(PromptOptions prompts) {
    return prompts.equals(prompts())
        ? this
        : withConditioner(Conditioner.of(components.encoder(encoder().engine(), prompts)));
  }

  /** One more token in prompts, and so with a cache of texts of its own. */
  View withToken(TextualInversion embedding) {
    Components more = components.with(embedding);
    return withComponents(more)
        .withConditioner(Conditioner.of(more.encoder(encoder().engine(), prompts())));
  }

  /** Every part on an engine, and so with a cache of texts of its own. */
  View on(Engine engine) {
    return withExecution(execution.withEngine(engine))
        .withConditioner(Conditioner.of(components.encoder(engine, prompts())));
  }

  LatentShape latentShape() {
    return components.latentShape(options.height(), options.width());
  }

  /** Texts as conditions for this view's images, with room for so many. */
  Conditions conditions(int texts) {
    return conditions(texts, latentShape());
  }

  /** Texts as conditions for images of a size, with room for so many texts. */
  Conditions conditions(int texts, LatentShape shape) {
    Conditions read = conditioner.conditions(options.clipSkip(), texts, listener);
    int factor = components.factor();
    return components
        .xl()
        .<Conditions>map(
            xl -> new SizedConditions(read, xl, shape.height() * factor, shape.width() * factor))
        .orElse(read);
  }

  /** What images are sampled with. */
  Scheduler scheduler() {
    SchedulerConfig config = components.scheduler().as(sampler);
    if (sampler != SchedulerKind.DDIM) {
      return Schedulers.of(config);
    }
    return DdimScheduler.of(
        config,
        new DdimScheduler.Options(
            options.eta(),
            options.eta() > 0 ? DdimScheduler.FinalStep.DDPO : DdimScheduler.FinalStep.DIFFUSERS));
  }

  /** The steps of the policy, each a Gaussian. */
  SamplingRun denoisingSteps() {
    return ddim(options.eta()).requireLogProbabilities();
  }

  /** The steps of rollouts: the policy's, or those of an ODE outside of a window. */
  SamplingRun rolloutSteps() {
    return denoisingSteps().inside(rollouts.stochastic(), ddim(0));
  }

  private SamplingRun ddim(double eta) {
    return DdimScheduler.of(
            components.scheduler(), new DdimScheduler.Options(eta, DdimScheduler.FinalStep.DDPO))
        .begin(options.steps());
  }
}
