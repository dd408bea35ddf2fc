package org.tastemaker.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Seed;
import org.tastemaker.core.card.ModelCard;
import org.tastemaker.diffusion.schedule.SchedulerKind;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsFile;

/** Folders as they are downloaded. */
class ModelFoldersTest {
  private static final String WEIGHTS = "unet/diffusion_pytorch_model.safetensors";

  @TempDir Path temp;

  private static long save(Seed seed, Path folder) {
    try (LatentDiffusion model = TinyModel.create(seed)) {
      model.save(folder);
      return unet(model);
    }
  }

  private static long unet(LatentDiffusion model) {
    return model.components().unet().parameters().checksum();
  }

  private static FolderOptions variant(String name) {
    return FolderOptions.defaults().withVariant(Optional.of(name));
  }

  @Test
  void aVariantOfOnePartIsReadWithTheUsualOtherParts() throws IOException {
    Path folder = temp.resolve("model");
    long usual = save(Seed.of(1), folder);
    long other = save(Seed.of(2), temp.resolve("other"));
    Files.copy(
        temp.resolve("other").resolve(WEIGHTS),
        folder.resolve("unet/diffusion_pytorch_model.non_ema.safetensors"));
    try (LatentDiffusion model = LatentDiffusion.load(folder);
        LatentDiffusion trained = LatentDiffusion.load(folder, variant("non_ema"))) {
      assertThat(unet(model)).isEqualTo(usual).isNotEqualTo(other);
      assertThat(unet(trained)).isEqualTo(other);
      assertThat(trained.components().vae().parameters().checksum())
          .isEqualTo(model.components().vae().parameters().checksum());
    }
    assertThatThrownBy(() -> LatentDiffusion.load(folder, variant("fp16")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(folder + " has no weights of the variant fp16; there are")
        .hasMessageContaining("unet/diffusion_pytorch_model.non_ema.safetensors");
  }

  @Test
  void aCardIsSavedBesideTheWeightsInTheirPrecision() throws IOException {
    Path folder = temp.resolve("model");
    try (LatentDiffusion model = TinyModel.create(Seed.of(1))) {
      model.save(
          folder, DType.F16, ModelCard.of("Tiny model").withLicense(Optional.of("cc-by-4.0")));
    }
    assertThat(folder.resolve("README.md"))
        .content()
        .startsWith("---\n")
        .contains("license:", "cc-by-4.0", "# Tiny model");
    try (SafetensorsFile weights = SafetensorsFile.open(folder.resolve(WEIGHTS));
        LatentDiffusion loaded = LatentDiffusion.load(folder)) {
      assertThat(weights.names()).isNotEmpty().allMatch(name -> weights.dtype(name) == DType.F16);
      assertThat(loaded.components().unet().parameters().count()).isPositive();
    }
  }

  @Test
  void theSamplerIsNamedTogetherWithTheVariant() {
    Path folder = temp.resolve("model");
    long usual = save(Seed.of(1), folder);
    FolderOptions options =
        FolderOptions.defaults().withSampler(Optional.of(SchedulerKind.EULER_ANCESTRAL_DISCRETE));
    try (LatentDiffusion model = LatentDiffusion.load(folder, options)) {
      assertThat(unet(model)).isEqualTo(usual);
      assertThat(model.components().scheduler().kind())
          .isEqualTo(SchedulerKind.EULER_ANCESTRAL_DISCRETE);
    }
  }

  /** As huggingface_hub keeps it: blobs by their digests, and links to them. */
  @Test
  void theFolderOfAModelInTheHubsCacheIsReadByItsMainSnapshot() throws IOException {
    Path model = temp.resolve("models--owner--name");
    Path snapshot = model.resolve("snapshots/0123abc");
    Files.createDirectories(snapshot.getParent());
    long main = save(Seed.of(1), snapshot);
    Files.createDirectories(model.resolve("snapshots/fff"));
    Files.createDirectories(model.resolve("blobs"));
    try (Stream<Path> files = Files.walk(snapshot)) {
      int number = 0;
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path blob = model.resolve("blobs").resolve(Integer.toString(number++));
        Files.move(file, blob);
        Files.createSymbolicLink(file, Objects.requireNonNull(file.getParent()).relativize(blob));
      }
    }
    Files.createDirectories(model.resolve("refs"));
    Files.writeString(model.resolve("refs/main"), "0123abc");
    try (LatentDiffusion loaded = LatentDiffusion.load(model)) {
      assertThat(unet(loaded)).isEqualTo(main);
    }
    assertThatThrownBy(() -> LatentDiffusion.load(temp))
        .hasMessageContaining("a cache of several models: give the folder of one of them");
  }

  @Test
  void aPathThatDoesNotExistIsNamedAsThat() {
    Path none = temp.resolve("no/model");
    for (String name : List.of("", "x.safetensors", "x.ckpt")) {
      assertThatThrownBy(() -> LatentDiffusion.load(none.resolve(name)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "there is no file or folder "
                  + none.resolve(name).toAbsolutePath()
                  + "; of its path, "
                  + temp
                  + " is there");
    }
    assertThatThrownBy(
            () -> LatentDiffusion.load(none.resolve("x.ckpt"), CheckpointOptions.defaults()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("there is no file");
  }

  @Test
  void ofAFolderThatHoldsACheckpointInOneFileTheFileIsNamed() throws IOException {
    Files.createFile(temp.resolve("v1-5-pruned-emaonly.safetensors"));
    assertThatThrownBy(() -> LatentDiffusion.load(temp))
        .hasMessageContaining(
            "has no folder unet/, but a file v1-5-pruned-emaonly.safetensors: load that");
  }

  @Test
  void aPointerOfGitLfsIsNamedInAnyPlace() throws IOException {
    Path folder = temp.resolve("model");
    long unused = save(Seed.of(1), folder);
    String pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n";
    for (String name :
        List.of(
            WEIGHTS,
            "text_encoder/model.safetensors",
            "vae/config.json",
            "tokenizer/vocab.json",
            "tokenizer/merges.txt",
            "scheduler/scheduler_config.json",
            "model_index.json")) {
      byte[] whole = Files.readAllBytes(folder.resolve(name));
      Files.writeString(folder.resolve(name), pointer);
      assertThatThrownBy(() -> LatentDiffusion.load(folder))
          .as(name)
          .hasMessageContaining(folder.resolve(name).toString())
          .hasMessageContaining("a pointer of Git LFS");
      Files.write(folder.resolve(name), whole);
    }
  }

  @Test
  void aFileThatIsCutShortIsNamedInAnyPlace() throws IOException {
    Path folder = temp.resolve("model");
    long unused = save(Seed.of(1), folder);
    for (String name :
        List.of(WEIGHTS, "vae/config.json", "tokenizer/vocab.json", "model_index.json")) {
      byte[] bytes = Files.readAllBytes(folder.resolve(name));
      for (int length : new int[] {bytes.length / 2, bytes.length * 9 / 10, 1, 0}) {
        Files.write(folder.resolve(name), Arrays.copyOf(bytes, length));
        assertThatThrownBy(() -> LatentDiffusion.load(folder))
            .as(name + " " + length)
            .hasMessageContaining(folder.resolve(name).toString())
            .hasMessageMatching("(?s).*(cut short|it is empty).*");
      }
      Files.write(folder.resolve(name), bytes);
    }
  }
}
