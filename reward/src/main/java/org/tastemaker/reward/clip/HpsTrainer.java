package org.tastemaker.reward.clip;

import com.google.common.base.Preconditions;
import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.train.AdamW;
import org.tastemaker.diffusion.train.BatchSource;
import org.tastemaker.diffusion.train.Checkpointing;
import org.tastemaker.diffusion.train.ChoiceLoss;
import org.tastemaker.diffusion.train.ClipBatch;
import org.tastemaker.diffusion.train.ClipTrainer;
import org.tastemaker.diffusion.train.EpochOrder;
import org.tastemaker.diffusion.train.LastClipLayers;
import org.tastemaker.diffusion.train.OptimizerOptions;
import org.tastemaker.diffusion.train.Samples;
import org.tastemaker.reward.learned.JudgedGroup;
import org.tastemaker.reward.learned.PreferenceSet;
import org.tastemaker.reward.learned.RewardEvaluation;
import org.tastemaker.reward.learned.TrainedReward.StopReason;

/**
 * Trains a human preference score from choices: Wu et al., "Human Preference Score: Better Aligning
 * Text-to-Image Models with Human Preference", ICCV 2023, section 4. The last layers of a CLIP
 * model are fine-tuned so that the chosen image has the highest cosine with its prompt.
 *
 * <pre>
 *   1. split the prompts: training, validation, held-out
 *   2. for each epoch
 *        for each batch of prompts: one step on {@link ChoiceLoss}
 *        keep the weights if the loss over the validation prompts is the lowest so far
 *        stop after some epochs without a lower one
 *   3. evaluate the weights that were kept on the held-out prompts
 * </pre>
 *
 * <p>The held-out prompts are used twice: before training, to compare with, and after it.
 * Validation decides when to stop, so that the epoch is not chosen to suit them. The result depends
 * only on the model, the data, the options and the seed, provided that the machine's native code is
 * deterministic.
 *
 * <p>A batch's images go through the image tower together. Prompts with the same number of images
 * are the fastest, since a graph is built for each number. Not thread-safe; the model must not be
 * used otherwise while it is trained, and rewards that were made over it before must not be used
 * afterwards, since they keep vectors of texts.
 */
public final class HpsTrainer {
  private final ClipModel clip;
  private final String modelName;
  private final ClipTokenizer tokenizer;
  private final Options options;
  private final Seed seed;
  private final ImagePreprocessor preprocessor;

  /**
   * How to train.
   *
   * @param form which choices are learned
   * @param imageLayers how many of the image tower's last layers are trained, with its projection
   * @param textLayers how many of the text tower's last layers are trained, with its projection
   * @param learningRate constant after a warm-up over the first epoch's steps, above 0
   * @param adamW of the optimizer
   * @param batchPrompts prompts per step, at least 1
   * @param maxEpochs at least 1
   * @param patience epochs without a lower validation loss after which training ends, at least 1
   * @param validationShare share of the prompts that decide when to stop, in (0, 1)
   * @param heldOutShare share of the prompts that are held out, in (0, 1)
   * @param mode how images are prepared
   * @param evaluation of the held-out prompts
   * @param engine runs the towers
   */
  @RecordBuilder
  public record Options(
      HpsForm form,
      int imageLayers,
      int textLayers,
      double learningRate,
      AdamW.Options adamW,
      int batchPrompts,
      int maxEpochs,
      int patience,
      double validationShare,
      double heldOutShare,
      Preprocessing mode,
      RewardEvaluation.Options evaluation,
      Engine engine)
      implements HpsTrainerOptionsBuilder.With {
    /** Checks every field; how many layers there are is the model's to say. */
    public Options {
      Objects.requireNonNull(form, "form == null");
      Preconditions.checkArgument(
          imageLayers >= 0 && textLayers >= 0,
          "imageLayers and textLayers must be at least 0, but were %s and %s",
          imageLayers,
          textLayers);
      Preconditions.checkArgument(
          learningRate > 0 && learningRate < Double.POSITIVE_INFINITY,
          "learningRate must be above 0 and finite, but was %s",
          learningRate);
      Objects.requireNonNull(adamW, "adamW == null");
      Preconditions.checkArgument(
          batchPrompts >= 1, "batchPrompts must be at least 1, but was %s", batchPrompts);
      Preconditions.checkArgument(
          maxEpochs >= 1, "maxEpochs must be at least 1, but was %s", maxEpochs);
      Preconditions.checkArgument(
          patience >= 1, "patience must be at least 1, but was %s", patience);
      Preconditions.checkArgument(
          validationShare > 0 && heldOutShare > 0 && validationShare + heldOutShare < 1,
          "validationShare and heldOutShare must be above 0 and leave something to train on, but were %s and %s",
          validationShare,
          heldOutShare);
      Objects.requireNonNull(mode, "mode == null");
      Objects.requireNonNull(evaluation, "evaluation == null");
      Objects.requireNonNull(engine, "engine == null");
    }

    /**
     * The layers of HPS, the last 10 of the images' and 6 of the texts'; the learning rate 3.3e-6
     * and the weight decay 0.35 of HPSv2's training script. 16 prompts per step, at most 20 epochs
     * and a patience of 3; 15 % of the prompts for validation, 20 % held out.
     *
     * @return the default options, for the published sizes of CLIP
     */
    public static Options defaults() {
      return new Options(
          HpsForm.BEST,
          10,
          6,
          3.3e-6,
          AdamW.Options.defaults().withWeightDecay(0.35),
          16,
          20,
          3,
          0.15,
          0.2,
          Preprocessing.PIL,
          RewardEvaluation.Options.defaults(),
          Engines.auto());
    }
  }

  /**
   * A trainer.
   *
   * @param clip what is trained; the caller closes it
   * @param modelName identifies its weights, for the reward's name
   * @param tokenizer the model's
   * @param options how to train
   * @param seed of the split, the order of prompts and the bootstrap
   * @throws IllegalArgumentException if the model has fewer layers than are to be trained, or the
   *     tokenizer is another model's
   */
  public HpsTrainer(
      ClipModel clip, String modelName, ClipTokenizer tokenizer, Options options, Seed seed) {
    this.clip = clip;
    this.modelName = modelName;
    this.tokenizer = tokenizer;
    this.options = Objects.requireNonNull(options, "options == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
    this.preprocessor = ImagePreprocessor.of(options.mode, clip.config().vision().imageSize());
    Object unusedLayers = LastClipLayers.of(clip.config(), options.imageLayers, options.textLayers);
    Object unusedReward = reward();
  }

  /**
   * The score of the model's present weights: the cosine of an image and its prompt.
   *
   * @return a new reward over the model, for as long as that is open and not trained further
   */
  public ClipReward reward() {
    return ClipReward.of(
        clip,
        modelName,
        tokenizer,
        options.mode,
        HumanPreferenceScore.OWN,
        ClipReward.Options.defaults().withEngine(options.engine));
  }

  /**
   * Trains without a listener.
   *
   * @param data judged images of at least three prompts with choices
   * @return how it went
   */
  public TrainedHps train(PreferenceSet data) {
    return train(data, RunListener.none(), new Cancellation());
  }

  /**
   * Trains. The model then has its best weights so far, also if training fails or is cancelled.
   *
   * @param data judged images of at least three prompts with choices
   * @param listener receives the losses of each epoch
   * @param cancellation checked before each step
   * @return how it went
   * @throws DivergedException if the loss is NaN or infinite; the message names the step
   */
  public TrainedHps train(PreferenceSet data, RunListener listener, Cancellation cancellation) {
    List<JudgedGroup> useful =
        data.groups().stream().filter(g -> !options.form.of(g).isEmpty()).toList();
    Preconditions.checkArgument(
        useful.size() >= 3,
        "%s of %s prompts have choices to learn from, but at least 3 are needed: one to train on, one for validation and one to hold out",
        useful.size(),
        data.size());
    List<PreferenceSet> parts =
        PreferenceSet.of(useful)
            .split(
                new double[] {
                  1 - options.validationShare - options.heldOutShare,
                  options.validationShare,
                  options.heldOutShare
                },
                seed.split("split"));
    return train(
        parts.get(0).groups(),
        parts.get(1).groups(),
        parts.get(2).groups(),
        listener,
        cancellation);
  }

  private TrainedHps train(
      List<JudgedGroup> training,
      List<JudgedGroup> validation,
      List<JudgedGroup> heldOut,
      RunListener listener,
      Cancellation cancellation) {
    HpsEvaluation before = evaluate(heldOut);
    int batch = Math.min(options.batchPrompts, training.size());
    long steps = (training.size() + batch - 1L) / batch; // of an epoch
    ClipTrainer trainer =
        new ClipTrainer(
            clip,
            FunctionOptions.inference()
                .withEngine(options.engine)
                .withTrainable(
                    LastClipLayers.of(clip.config(), options.imageLayers, options.textLayers)),
            new OptimizerOptions(
                steps * options.maxEpochs,
                1,
                new OptimizerOptions.Rate(
                    OptimizerOptions.Decay.CONSTANT, options.learningRate, steps),
                options.adamW,
                1,
                Optional.empty()));
    EpochOrder order = new EpochOrder(training.size(), seed.split("order"));
    BatchSource<ClipBatch> batches =
        number -> batch(order.batch(number, batch).stream().mapToObj(training::get).toList());

    List<Double> trainingLoss = new ArrayList<>();
    List<Double> validationLoss = new ArrayList<>(List.of(loss(validation)));
    int bestEpoch = 0;
    StopReason stop = StopReason.MAX_EPOCHS;
    BestWeights best = new BestWeights(trainer.weights());
    RunListener listeners = RunListener.all(listener); // whose failures change nothing
    try {
      for (int epoch = 1; epoch <= options.maxEpochs; epoch++) {
        MeanLoss mean = new MeanLoss();
        trainer.runUntil(epoch * steps, batches, Checkpointing.none(), mean, cancellation);
        double ofValidation = loss(validation);
        trainingLoss.add(mean.value());
        validationLoss.add(ofValidation);
        listeners.on(
            new RunEvent.Metrics(
                epoch, Map.of("trainingLoss", mean.value(), "validationLoss", ofValidation)));
        if (ofValidation < validationLoss.get(bestEpoch)) {
          bestEpoch = epoch;
          best.keep();
        } else if (epoch - bestEpoch >= options.patience) {
          stop = StopReason.NO_IMPROVEMENT;
          break;
        }
      }
    } finally {
      best.restore();
    }
    return new TrainedHps(before, evaluate(heldOut), trainingLoss, validationLoss, bestEpoch, stop);
  }

  /** The images and texts of some prompts, and their choices. */
  private ClipBatch batch(List<JudgedGroup> groups) {
    int count = groups.stream().mapToInt(JudgedGroup::size).sum();
    FloatBuffer pixels = FloatBuffer.allocate(count * preprocessor.length()); // [M, 3, S, S]
    ImmutableList.Builder<ImmutableIntArray> texts = ImmutableList.builder();
    List<ChoiceLoss.Choice> choices = new ArrayList<>();
    int first = 0;
    for (int n = 0; n < groups.size(); n++) {
      JudgedGroup group = groups.get(n);
      group.images().forEach(image -> pixels.put(preprocessor.of(image)));
      texts.add(tokenizer.encode(group.prompt().text()).ids());
      for (ChoiceLoss.Choice choice : options.form.of(group)) {
        ImmutableIntArray.Builder images = ImmutableIntArray.builder();
        for (int i = 0; i < choice.images().length(); i++) {
          images.add(first + choice.images().get(i));
        }
        choices.add(new ChoiceLoss.Choice(n, images.build(), choice.shares(), choice.weight()));
      }
      first += group.size();
    }
    int side = preprocessor.size();
    return new ClipBatch(
        new Samples(count, 3, side, side, pixels.flip()), texts.build(), new ChoiceLoss(choices));
  }

  /** The mean over prompts of the loss that is trained on. */
  private double loss(List<JudgedGroup> groups) {
    double factor = Math.exp(clip.logitScale().getDouble(0));
    ClipReward reward = reward();
    double sum = 0;
    for (JudgedGroup group : groups) {
      double[] cosines = scores(reward, group);
      double[][] logits = new double[cosines.length][1];
      for (int i = 0; i < cosines.length; i++) {
        logits[i][0] = factor * cosines[i];
      }
      sum += new ChoiceLoss(options.form.of(group)).evaluate(logits, new double[cosines.length][1]);
    }
    return sum / groups.size();
  }

  private HpsEvaluation evaluate(List<JudgedGroup> groups) {
    ClipReward reward = reward();
    return HpsEvaluation.of(
        groups,
        groups.stream().map(group -> scores(reward, group)).toList(),
        options.evaluation,
        seed.split("bootstrap"));
  }

  private static double[] scores(ClipReward reward, JudgedGroup group) {
    return reward.score(Collections.nCopies(group.size(), group.prompt()), group.images());
  }

  /** Of an epoch's steps. */
  private static final class MeanLoss implements RunListener {
    private double sum;
    private int steps;

    @Override
    public void on(RunEvent event) {
      if (event instanceof RunEvent.Metrics metrics) {
        sum += Objects.requireNonNull(metrics.values().get("loss"));
        steps++;
      }
    }

    double value() {
      return sum / steps;
    }
  }
}
