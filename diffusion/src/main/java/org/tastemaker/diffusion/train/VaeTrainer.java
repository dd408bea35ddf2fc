package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableMap;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * Trains an autoencoder on images.
 *
 * <p>The objective is that of a variational autoencoder (Kingma and Welling, "Auto-Encoding
 * Variational Bayes", 2014, equations 7 and 10) with an L1 term beside the square and a light KL
 * term, as latent diffusion models have it (Rombach et al., 2022, appendix G, less the perceptual
 * and the adversarial loss):
 *
 * <pre>
 *   L = a mean|x' - x| + b mean (x' - x)^2 + c mean KL(q(z | x) || N(0, I))
 *   x' = D(z),   z = mean + exp(logvar / 2) e,   (mean, logvar) = E(x),   e ~ N(0, I)
 * </pre>
 *
 * <p>Each mean is over all of its numbers: pixels and channels of the batch, or latents. A program
 * that takes sums in the place of means has c times the number of pixels per latent as its weight.
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>image, decoded</td><td>x, x', [N, C, H, W]</td></tr>
 * <tr><td>mean, logvar, z, noise</td><td>mean, logvar, z, e, [N, c, h, w]</td></tr>
 * <tr><td>{@link Options#l1}, {@link Options#mse}, {@link Options#kl}</td><td>a, b, c</td></tr>
 * <tr><td>dMean, ...</td><td>dL/dmean, ...</td></tr>
 * </tbody>
 * </table>
 *
 * <p>The terms and their gradients are computed in Java ({@code VaeObjective}); the decoder's graph
 * turns dL/dx' into dL/dz, and the encoder's takes dL/dmean and dL/dlogvar on.
 *
 * <p>What is drawn is a function of the seed and of a batch's number, so a run that is resumed from
 * a checkpoint ({@link #restore}) ends with weights that are bit-identical to those of a run that
 * was never stopped, provided that the machine's native code is deterministic. Not thread-safe; the
 * model must not be used otherwise while {@link #run} does.
 */
public final class VaeTrainer {
  private static final String VAE = "vae";

  private final AutoencoderKl vae;
  private final TrainedPart trained;
  private final FunctionOptions encoderOptions;
  private final FunctionOptions decoderOptions;
  private final TrainingState state;
  private final TrainingLoop loop;
  private final boolean trainsEncoder;
  private final Options options;
  private final Seed seed;

  /**
   * Hyper-parameters.
   *
   * @param optimizer how gradients update the weights
   * @param l1 weight of the mean absolute error, at least 0
   * @param mse weight of the mean squared error, at least 0; not 0 together with {@code l1}
   * @param kl weight of the KL divergence, at least 0
   */
  @RecordBuilder
  public record Options(OptimizerOptions optimizer, double l1, double mse, double kl)
      implements VaeTrainerOptionsBuilder.With {
    /** Checks every field. */
    public Options {
      Objects.requireNonNull(optimizer, "optimizer == null");
      requireWeight("l1", l1);
      requireWeight("mse", mse);
      requireWeight("kl", kl);
      if (l1 == 0 && mse == 0) {
        throw new IllegalArgumentException("l1 or mse must be above 0, but both were 0");
      }
    }

    /**
     * Equal weights for both errors, and 1e-4 for the KL divergence.
     *
     * @param steps how many updates to do in all, at least 1
     * @return the options
     */
    public static Options defaults(long steps) {
      return new Options(OptimizerOptions.defaults(steps), 1, 1, 1e-4);
    }

    private static void requireWeight(String name, double value) {
      if (!(value >= 0) || Double.isInfinite(value)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT, "%s must be at least 0 and finite, but was %s", name, value));
      }
    }
  }

  /**
   * A trainer at the beginning of its run. Nothing is computed yet.
   *
   * @param vae what is trained; the caller closes it after training
   * @param trained what of it is trained
   * @param options hyper-parameters
   * @param seed of everything drawn
   */
  public VaeTrainer(AutoencoderKl vae, TrainedPart trained, Options options, Seed seed) {
    if (vae.config().inChannels() != vae.config().outChannels()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the autoencoder must have as many channels out as in, but has %s in and %s out",
              vae.config().inChannels(),
              vae.config().outChannels()));
    }
    this.vae = vae;
    this.trained = trained;
    this.options = options;
    this.seed = seed;
    this.state =
        new TrainingState(
            options.optimizer,
            ImmutableMap.of(VAE, trained),
            ImmutableMap.of(VAE, vae.parameters()));
    // Anything that is not the decoder's own may be the encoder's.
    this.trainsEncoder =
        state.names().stream().anyMatch(n -> !n.matches(VAE + "/(decoder|post_quant_conv)\\..*"));
    this.encoderOptions = trained.options();
    this.decoderOptions =
        trainsEncoder
            ? trained.options().withInputGradients(Set.of(AutoencoderKl.LATENT))
            : trained.options();
    this.loop =
        new TrainingLoop("vae", "training the autoencoder", options.optimizer, settings(), state);
  }

  /**
   * Trains from where the run is to its last step.
   *
   * @param batches images in [-1, 1], a batch for each part of each step
   * @param checkpoints when and where the run is saved
   * @param listener receives the loss and its terms ({@code "loss"}, {@code "l1"}, {@code "mse"},
   *     {@code "kl"}), the gradient's norm and the learning rate of each step
   * @param cancellation checked before each batch
   * @throws org.tastemaker.core.DivergedException if the loss or a gradient is NaN or infinite; the
   *     message names the step, and the weights are those before it
   * @throws java.util.concurrent.CancellationException if it was cancelled; the weights are those
   *     after the last whole step
   */
  public void run(
      BatchSource<Samples> batches,
      Checkpointing checkpoints,
      RunListener listener,
      Cancellation cancellation) {
    loop.run(
        (number, share) -> backward(batches.batch(number), number, share),
        checkpoints,
        listener,
        cancellation);
  }

  /** Adds a batch's gradient to the state. */
  private Map<String, Double> backward(Samples images, long number, double share) {
    check(images, number);
    trained.redraw().accept(seed.split(number).split(VAE));
    GraphFunction encoder =
        vae.encoder(images.count(), images.height(), images.width(), encoderOptions);
    int factor = vae.config().factor();
    GraphFunction decoder =
        vae.decoder(
            images.count(), images.height() / factor, images.width() / factor, decoderOptions);

    try (INDArray image = images.arrayOf(images.values())) { // [N, C, H, W]
      // 1. The latents' distribution.
      Map<String, INDArray> encoded = encoder.forward(Map.of(AutoencoderKl.IMAGE, image));
      INDArray meanArray = Graphs.output(encoded, AutoencoderKl.MEAN); // [N, c, h, w]
      FloatBuffer mean = FloatBuffers.of(meanArray);
      FloatBuffer logvar = FloatBuffers.of(Graphs.output(encoded, AutoencoderKl.LOGVAR));
      FloatBuffer noise = noise(images.count(), mean.limit(), seed.split(number));

      long[] latentShape = meanArray.shape();
      try (INDArray z = Nd4j.create(DataType.FLOAT, latentShape);
          INDArray dMean = Nd4j.create(DataType.FLOAT, latentShape);
          INDArray dLogvar = Nd4j.create(DataType.FLOAT, latentShape);
          INDArray dDecoded = Nd4j.create(DataType.FLOAT, image.shape())) {
        // 2. A sample of it, decoded.
        VaeObjective.sample(mean, logvar, noise, FloatBuffers.of(z));
        FloatBuffer decoded =
            FloatBuffers.of(
                Graphs.output(
                    decoder.forward(Map.of(AutoencoderKl.LATENT, z)), AutoencoderKl.DECODED));

        // 3. The terms and their gradients.
        FloatBuffer x = images.values();
        FloatBuffer dx = FloatBuffers.of(dDecoded);
        FloatBuffer dm = FloatBuffers.of(dMean);
        FloatBuffer dl = FloatBuffers.of(dLogvar);
        double l1 = VaeObjective.l1(decoded, x, share * options.l1, dx);
        double mse = VaeObjective.mse(decoded, x, share * options.mse, dx);
        double kl = VaeObjective.kl(mean, logvar, share * options.kl, dm, dl);
        double loss = options.l1 * l1 + options.mse * mse + options.kl * kl;
        Map<String, Double> terms = Map.of("loss", loss, "l1", l1, "mse", mse, "kl", kl);
        if (!Double.isFinite(loss)) {
          return terms; // the loop stops here
        }

        // 4. Through the decoder to the sample, and from there through the encoder.
        Map<String, INDArray> gradients =
            state.backward(
                VAE,
                decoder,
                Map.of(AutoencoderKl.DECODED, dDecoded),
                Set.of(AutoencoderKl.LATENT));
        if (trainsEncoder) {
          FloatBuffer dz = FloatBuffers.of(Graphs.output(gradients, AutoencoderKl.LATENT));
          VaeObjective.sampleGradient(dz, logvar, noise, dm, dl);
          Map<String, INDArray> unused =
              state.backward(
                  VAE,
                  encoder,
                  Map.of(AutoencoderKl.MEAN, dMean, AutoencoderKl.LOGVAR, dLogvar),
                  Set.of(AutoencoderKl.IMAGE));
        }
        return terms;
      }
    }
  }

  private void check(Samples images, long number) {
    if (images.channels() != vae.config().inChannels()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "batch %s: images must have %s channels, but have %s",
              number,
              vae.config().inChannels(),
              images.channels()));
    }
    images.requireFinite("batch " + number + ": images");
  }

  /** Standard normal numbers, [N, c, h, w]; those of an image depend on its index alone. */
  private static FloatBuffer noise(int count, int size, Seed seed) {
    float[] noise = new float[size];
    for (int n = 0; n < count; n++) {
      seed.split(n).gaussian(0, noise, n * (size / count), size / count);
    }
    return FloatBuffer.wrap(noise);
  }

  private Settings settings() {
    return Settings.of(options, "optimizer").with("seed", seed.key());
  }

  /**
   * How far the run is.
   *
   * @return how many updates have been done
   */
  public long step() {
    return state.step();
  }

  /**
   * Writes a full checkpoint: for {@link #restore}, with the weights, the optimizer's moments, the
   * averages and the step.
   *
   * @param folder empty, as {@code RunFolder.saveCheckpoint} and {@code AtomicFiles.writeFolder}
   *     give one
   */
  public void save(Path folder) {
    loop.write(folder);
  }

  /**
   * Resumes from a checkpoint: everything is as it was when the checkpoint was written.
   *
   * @param folder of a checkpoint of the same run: same model, options and seed. The learning rate
   *     and the bound of the gradient's norm may have changed
   * @return what has changed of these, a sentence each; empty where nothing has
   * @throws IllegalArgumentException if it is of another run, or damaged; nothing has changed then
   */
  public List<String> restore(Path folder) {
    return loop.restore(folder);
  }

  /**
   * Runs something, such as decoding or saving the model, while the trained weights have the values
   * of their moving average.
   *
   * @param action what to run
   * @throws IllegalStateException if the run keeps no average
   */
  public void withAverages(Runnable action) {
    state.withAverages(action);
  }
}
