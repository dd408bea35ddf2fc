package org.tastemaker.diffusion;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tastemaker.core.Seed;
import org.tastemaker.core.files.UnsafeFileException;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.WeightsMismatchException;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.weights.SafetensorsException;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.testing.Attack;
import org.tastemaker.testing.Expense;

/** A model's folder that was made to hurt. */
class StrangersModelTest {
  @TempDir private Path root;
  private Path model;

  @BeforeEach
  void aModel() {
    model = root.resolve("model");
    try (LatentDiffusion made = TinyModel.create(Seed.of(1))) {
      made.save(model);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "unet/config.json, layers_per_block, 1, from 1 to 64",
    "unet/config.json, transformer_layers_per_block, 1, from 1 to 64",
    "unet/config.json, attention_head_dim, 2, from 1 to 1024",
    "unet/config.json, sample_size, 4, from 1 to 8192",
    "unet/config.json, in_channels, 4, from 1 to 16384",
    "unet/config.json, cross_attention_dim, 8, from 1 to 16384",
    "unet/config.json, time_embedding_dim, 32, from 1 to 65536",
    "unet/config.json, norm_num_groups, 4, from 1 to 16384",
    "unet/config.json, conv_in_kernel, 3, from 1 to 31",
    "unet/config.json, freq_shift, 0, from 0 to 3",
    "vae/config.json, layers_per_block, 1, from 1 to 64",
    "vae/config.json, latent_channels, 4, from 1 to 16384",
    "vae/config.json, norm_num_groups, 2, from 1 to 16384",
    "text_encoder/config.json, num_hidden_layers, 1, from 1 to 256",
    "text_encoder/config.json, vocab_size, 594, from 1 to 1000000",
    "text_encoder/config.json, intermediate_size, 16, from 1 to 131072",
    "text_encoder/config.json, max_position_embeddings, 6, from 1 to 65536",
    "scheduler/scheduler_config.json, num_train_timesteps, 1000, from 1 to 100000",
    "scheduler/scheduler_config.json, steps_offset, 1, from 0 to num_train_timesteps",
  })
  void aNumberBeyondItsBoundIsNamedWithFileKeyValueAndBound(
      String file, String key, int old, String bound) throws IOException {
    replace(file, "(\"" + key + "\": )-?\\d+", "$1" + Integer.MAX_VALUE);
    Expense expense =
        assertTimeoutPreemptively(
            Duration.ofSeconds(20), () -> Expense.of(() -> Components.load(model)));
    assertThat(expense.failure())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(model.resolve(file).toString())
        .hasMessageContaining(key)
        .hasMessageContaining(String.valueOf(Integer.MAX_VALUE))
        .hasMessageContaining(bound);
    assertThat(expense.bytes()).isLessThan(Attack.MOST_BYTES);
  }

  @Test
  void moreLevelsThanAnyModelHasAreRefused() throws IOException {
    replace(
        "vae/config.json",
        "(?s)\"block_out_channels\": \\[.*?]",
        "\"block_out_channels\": [" + "4,".repeat(5000) + "4]");
    assertThatThrownBy(() -> Components.load(model))
        .hasMessageContaining("vae/config.json")
        .hasMessageContaining("at most 9 levels, but has 5001");
  }

  @Test
  void nestedBracketsAreRefusedInEveryConfiguration() throws IOException {
    for (String file :
        List.of(
            "unet/config.json",
            "vae/config.json",
            "text_encoder/config.json",
            "scheduler/scheduler_config.json",
            "tokenizer/vocab.json",
            "tokenizer/tokenizer_config.json")) {
      byte[] good = Files.readAllBytes(model.resolve(file));
      for (int size : new int[] {200_000, 1_000_000, 5_000_000}) {
        Files.writeString(model.resolve(file), "{\"a\":" + "[".repeat(size));
        Expense expense = Expense.of(() -> Components.load(model));
        assertThat(expense.failure())
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining(model.resolve(file).toString());
        assertThat(expense.bytes()).isLessThan(Attack.MOST_BYTES);
      }
      Files.write(model.resolve(file), good);
    }
  }

  @Test
  void aHeaderOfAHundredThousandTensorsIsRefusedCheaply() throws IOException {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i < 100_000; i++) {
      header
          .append(i == 0 ? "" : ",")
          .append("\"t")
          .append(i)
          .append("\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}");
    }
    Path file = safetensors(header.append('}').toString());
    Expense expense = Expense.of(() -> SafetensorsFile.open(file));
    assertThat(expense.failure())
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("more than 20000 tensors");
    assertThat(expense.bytes()).isLessThan(Attack.MOST_BYTES);
  }

  @Test
  void theLargestHeadersThatAreReadTakeLittleMemory() throws IOException {
    StringBuilder tensors = new StringBuilder("{");
    for (int i = 0; i < 20_000; i++) {
      tensors
          .append(i == 0 ? "" : ",")
          .append("\"")
          .append("n".repeat(300))
          .append(i)
          .append("\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,0],\"data_offsets\":[0,0]}");
    }
    assertReadCheaply(tensors.append('}').toString());
    assertReadCheaply("{\"__metadata__\":{\"a\":\"" + "\u20ac".repeat(2_700_000) + "\"}}");
    assertReadCheaply("{\"__metadata__\":{\"a\":\"\u20ac" + "e".repeat(8_000_000) + "\"}}");
  }

  private void assertReadCheaply(String header) throws IOException {
    Path file = safetensors(header);
    Expense expense =
        Expense.of(
            () -> {
              SafetensorsFile.open(file).close();
              return 0;
            });
    assertThat(expense.failure()).isNull();
    assertThat(expense.bytes()).isLessThan(Attack.MOST_BYTES);
  }

  @Test
  void theLargestTokenizerThatIsReadTakesLittleMemory() throws IOException {
    StringBuilder ids = new StringBuilder("{\"<|startoftext|>\":0,\"<|endoftext|>\":1,\"a\":2");
    StringBuilder merges = new StringBuilder("#version: 0.2\n");
    int most = 1 << 16;
    for (int i = 3; i < most; i++) {
      ids.append(",\"").append("a".repeat(1 + i % 12)).append(i / 12 + 100_000);
      ids.append("\":").append(i);
      // aa100007 is made of a and a100007
      if (i % 12 != 0 && i > 15) {
        merges.append("a ").append("a".repeat(i % 12)).append(i / 12 + 100_000).append("\n");
      }
    }
    Files.writeString(model.resolve("tokenizer/vocab.json"), ids.append('}'));
    Files.writeString(model.resolve("tokenizer/merges.txt"), merges);
    Expense expense = Expense.of(() -> ClipTokenizer.load(model.resolve("tokenizer")));
    assertThat(expense.failure()).isNull();
    assertThat(expense.bytes()).isLessThan(Attack.MOST_BYTES);
  }

  @Test
  void mergesOfMoreThanTheirBoundAreRefusedCheaply() throws IOException {
    Files.writeString(
        model.resolve("tokenizer/merges.txt"), "#version: 0.2\n" + "a b\n".repeat(200_000));
    Expense expense = Expense.of(() -> ClipTokenizer.load(model.resolve("tokenizer")));
    assertThat(expense.failure())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("merges.txt")
        .hasMessageContaining("at most 65536 merges");
    assertThat(expense.bytes()).isLessThan(Attack.MOST_BYTES);
  }

  /** The text encoder's weights are damaged: reading them first would find that first. */
  @Test
  void everyPartIsCheckedAgainstItsConfigurationBeforeAnyWeightIsRead() throws IOException {
    Path weights = model.resolve("text_encoder/model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(bytes.length - 4, Float.NaN);
    Files.write(weights, bytes);
    replace("unet/config.json", "(\"in_channels\": )\\d+", "$15");
    assertThatThrownBy(() -> Components.load(model)).isInstanceOf(WeightsMismatchException.class);
  }

  @Test
  void aLinkOutOfTheModelsFolderIsRefusedForEveryFile() throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(model)) {
      files =
          all.filter(Files::isRegularFile).filter(f -> !f.endsWith("model_index.json")).toList();
    }
    assertThat(files).hasSize(11);
    for (Path file : files) {
      Path outside = Files.move(file, root.resolve("outside"));
      Files.createSymbolicLink(file, outside);
      assertThatThrownBy(() -> Components.load(model))
          .as(file.toString())
          .isInstanceOf(UnsafeFileException.class)
          .hasMessageContaining(file.getFileName().toString())
          .hasMessageContaining(outside.toString());
      Files.delete(file);
      Files.move(outside, file);
    }
    Components.load(model).close();
  }

  @Test
  void aPartThatIsALinkOutOfTheModelIsRefused() throws IOException {
    Files.move(model.resolve("unet"), root.resolve("other"));
    Files.createSymbolicLink(model.resolve("unet"), root.resolve("other"));
    assertThatThrownBy(() -> Components.load(model)).isInstanceOf(UnsafeFileException.class);
  }

  @Test
  void aSnapshotInHuggingFacesCacheIsReadThroughItsLinks() throws IOException {
    Path repository = root.resolve("hub/models--some--model");
    Path snapshot = repository.resolve("snapshots/0123abc");
    Path blobs = Files.createDirectories(repository.resolve("blobs"));
    Files.createDirectories(snapshot);
    List<Path> files;
    try (Stream<Path> all = Files.walk(model)) {
      files = all.filter(Files::isRegularFile).toList();
    }
    for (int i = 0; i < files.size(); i++) {
      Path blob = Files.move(files.get(i), blobs.resolve("blob" + i));
      Path link = snapshot.resolve(model.relativize(files.get(i)));
      Path parent = requireNonNull(link.getParent());
      Files.createDirectories(parent);
      Files.createSymbolicLink(link, parent.relativize(blob));
    }
    Components.load(snapshot).close();
    UNet2DConditionModel.load(snapshot.resolve("unet")).close();
  }

  private void replace(String file, String pattern, String replacement) throws IOException {
    String text = Files.readString(model.resolve(file));
    String changed = text.replaceFirst(pattern, replacement);
    assertThat(changed).isNotEqualTo(text);
    Files.writeString(model.resolve(file), changed);
  }

  private Path safetensors(String header) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer file = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(json.length).put(json);
    try {
      return Files.write(root.resolve("large.safetensors"), file.array());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
