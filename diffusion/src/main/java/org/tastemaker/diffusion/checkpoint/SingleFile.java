package org.tastemaker.diffusion.checkpoint;

import com.google.common.collect.ImmutableList;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.AutoencoderKlConfig;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.schedule.PredictionType;
import org.tastemaker.diffusion.weights.HalvesInMemory;
import org.tastemaker.diffusion.weights.TensorFile;
import org.tastemaker.diffusion.weights.TensorFiles;

/**
 * A checkpoint of Stable Diffusion 1.x, 2.x, XL or its refiner in one file, such as {@code
 * v1-5-pruned-emaonly.safetensors} or {@code sd-v1-4.ckpt}.
 *
 * <p>Sizes come from names and shapes ({@code Architecture}). What a file cannot say is whether its
 * U-Net predicts noise or velocity: that comes from the caller, from the file's metadata ({@code
 * modelspec.prediction_type}), or else it is assumed, as the models of Stability AI are: velocity
 * for 2.x, noise for the others. What is assumed is logged. Averaged weights ({@code model_ema.*})
 * are read in place of the U-Net's last ones if that is asked for. What is not read is counted in
 * the log.
 */
public final class SingleFile implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SingleFile.class);
  private static final String PREDICTION = "modelspec.prediction_type";

  private final TensorFile file;
  private final Family family;
  private final PredictionType prediction;
  private final UNetConfig unetConfig;
  private final AutoencoderKlConfig vaeConfig;
  private final ImmutableList<ClipTextConfig> textConfigs;
  private final CheckpointPart unetPart;
  private final CheckpointPart vaePart;
  private final ImmutableList<CheckpointPart> textParts;

  private SingleFile(TensorFile file, Optional<PredictionType> given, boolean averaged) {
    this.file = file;
    this.family = Family.of(file.names());
    Architecture architecture = new Architecture(file, family);
    this.prediction = given.or(this::ofMetadata).orElseGet(this::assumed);
    this.unetConfig = architecture.unet(family.pixels(prediction));
    this.vaeConfig = architecture.vae();
    this.textConfigs =
        family.texts().stream().map(architecture::text).collect(ImmutableList.toImmutableList());
    UNetNames unetNames = new UNetNames(unetConfig);
    VaeNames vaeNames = new VaeNames(vaeConfig.blockOutChannels().size());
    this.unetPart =
        new CheckpointPart(
            file,
            UNet2DConditionModel.names(unetConfig),
            averaged ? name -> AveragedNames.placeOf(unetNames.placeOf(name)) : unetNames::placeOf);
    this.vaePart = new CheckpointPart(file, AutoencoderKl.names(vaeConfig), vaeNames::placeOf);
    ImmutableList.Builder<CheckpointPart> texts = ImmutableList.builder();
    for (int i = 0; i < textConfigs.size(); i++) {
      texts.add(
          new CheckpointPart(
              file, ClipTextModel.names(textConfigs.get(i)), family.texts().get(i)::placeOf));
    }
    this.textParts = texts.build();
  }

  /**
   * Opens a checkpoint and checks by its header that all of its networks are whole.
   *
   * @param path of a safetensors file, or of a file of PyTorch
   * @param prediction what the U-Net's output means, where the caller knows
   * @param averaged whether the U-Net's averaged weights are taken, {@code model_ema.*}
   * @param halfInMemory whether weights in half precision stay so in memory
   * @return the checkpoint, to be closed
   * @throws IllegalArgumentException if it is something else, or not whole; the message says what
   *     it is
   */
  public static SingleFile open(
      Path path, Optional<PredictionType> prediction, boolean averaged, boolean halfInMemory) {
    TensorFile stored = TensorFiles.open(path);
    TensorFile file = halfInMemory ? new HalvesInMemory(stored) : stored;
    try {
      OtherFiles.refuse(path, file.names());
      if (averaged) {
        AveragedNames.require(path, file.names());
      }
      SingleFile opened = new SingleFile(file, prediction, averaged);
      UNet2DConditionModel.check(opened.unetConfig, opened.unetPart);
      AutoencoderKl.check(opened.vaeConfig, opened.vaePart);
      for (int i = 0; i < opened.textParts.size(); i++) {
        ClipTextModel.check(opened.textConfigs.get(i), opened.textParts.get(i));
      }
      opened.logWhatIsLeftAlone();
      return opened;
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  /**
   * What a file holds by the names of its tensors, as {@link #open} looks at them first.
   *
   * @param names of the tensors
   * @return the contents; only a {@link FileContents#CHECKPOINT} is opened
   */
  public static FileContents contents(Set<String> names) {
    return OtherFiles.of(names).contents();
  }

  private Optional<PredictionType> ofMetadata() {
    String said = file.metadata().getOrDefault(PREDICTION, "");
    return switch (said) {
      case "" -> Optional.empty();
      case "epsilon" -> Optional.of(PredictionType.EPSILON);
      case "v", "v_prediction" -> Optional.of(PredictionType.V_PREDICTION);
      default -> {
        LOG.warn("{}: {} is {}, which is not known and not used", file.path(), PREDICTION, said);
        yield Optional.empty();
      }
    };
  }

  private PredictionType assumed() {
    PredictionType assumed = family.usualPrediction();
    LOG.warn(
        "{} does not say what its U-Net predicts: {} is assumed, as in Stable Diffusion {}",
        file.path(),
        assumed,
        family.example());
    return assumed;
  }

  private void logWhatIsLeftAlone() {
    Set<String> left = new LinkedHashSet<>(file.names());
    List.of(unetPart, vaePart).forEach(part -> left.removeAll(part.read()));
    textParts.forEach(part -> left.removeAll(part.read()));
    long averages = left.stream().filter(name -> name.startsWith(AveragedNames.PREFIX)).count();
    LOG.info(
        "{}: Stable Diffusion {}; left alone: {} averaged weights, {} other tensors",
        file.path(),
        family,
        averages,
        left.size() - averages);
  }

  /**
   * What the U-Net's output means.
   *
   * @return as given, as the file says, or as assumed
   */
  public PredictionType prediction() {
    return prediction;
  }

  /**
   * Reads the U-Net.
   *
   * @return the model, to be closed
   */
  public UNet2DConditionModel unet() {
    return UNet2DConditionModel.read(unetConfig, unetPart);
  }

  /**
   * Reads the autoencoder.
   *
   * @return the model, to be closed
   */
  public AutoencoderKl vae() {
    return AutoencoderKl.read(vaeConfig, vaePart);
  }

  /**
   * The configurations of the text encoders, in the order in which the U-Net reads them.
   *
   * @return two for Stable Diffusion XL, one for the others
   */
  public ImmutableList<ClipTextConfig> textConfigs() {
    return textConfigs;
  }

  /**
   * Whether a text encoder is OpenCLIP's, which was trained with texts filled up with token 0.
   *
   * @param index of the text encoder, from 0
   * @return whether it is; otherwise it is OpenAI's
   */
  public boolean isOpenClip(int index) {
    return family.texts().get(index).isOpenClip();
  }

  /**
   * Whether it is a Stable Diffusion XL, or its refiner.
   *
   * @return whether it is
   */
  public boolean isXl() {
    return family.isXl();
  }

  /**
   * Reads a text encoder.
   *
   * @param index of the text encoder, from 0
   * @return the model, to be closed
   */
  public ClipTextModel textEncoder(int index) {
    return ClipTextModel.read(textConfigs.get(index), textParts.get(index));
  }

  /**
   * The autoencoder's configuration.
   *
   * @return as found by names and shapes
   */
  public AutoencoderKlConfig vaeConfig() {
    return vaeConfig;
  }

  /**
   * The model that it is one of.
   *
   * @return such as "Stable Diffusion 1.x"
   */
  public String model() {
    return "Stable Diffusion " + family;
  }

  /**
   * The U-Net's configuration.
   *
   * @return as found by names and shapes
   */
  public UNetConfig unetConfig() {
    return unetConfig;
  }

  @Override
  public void close() {
    file.close();
  }
}
