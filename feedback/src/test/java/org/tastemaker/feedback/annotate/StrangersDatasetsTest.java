package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.files.UnsafeFileException;
import org.tastemaker.core.run.Settings;
import org.tastemaker.testing.Attack;
import org.tastemaker.testing.Effort;
import org.tastemaker.testing.Expense;

/** Datasets that were damaged, or come from a stranger. */
class StrangersDatasetsTest {
  private static final int TIMES = Effort.times(10_000, 1_000_000);
  private static final String CRC = ",\"crc\":\"";

  @TempDir private Path temp;

  @Test
  void damagedFilesAreReadOrRefused() throws IOException {
    Path file = temp.resolve("a.jsonl");
    Attack.Outcome outcome =
        attack()
            .run(
                1,
                TIMES,
                bytes -> {
                  Files.write(file, bytes);
                  PreferenceDataset.read(file, group -> {});
                });
    assertThat(outcome.read()).as("a damaged line does not lose the others").isPositive();
  }

  /** The damage is behind the checksums: as another program might write it. */
  @Test
  void damagedLinesWithRightChecksumsAreReadOrRefused() throws IOException {
    Path file = temp.resolve("a.jsonl");
    List<AnnotatedGroup> read = new ArrayList<>();
    attack()
        .run(
            1,
            TIMES,
            bytes -> {
              Files.write(file, sealed(bytes));
              PreferenceDataset.read(file, group -> read.add(group));
              if (read.size() > 1000) {
                read.clear();
              }
            });
    assertThat(read).isNotEmpty();
  }

  @Test
  void aLineWithoutEndDoesNotFillTheMemory() throws IOException {
    Path file = temp.resolve("a.jsonl");
    Files.write(file, header(), StandardOpenOption.CREATE);
    byte[] much = new byte[40 << 20];
    Files.write(file, much, StandardOpenOption.APPEND);
    Expense expense = Expense.of(() -> PreferenceDataset.read(file, group -> {}));
    assertThat(expense.failure()).hasMessageContaining("longer than 4194304 bytes");
    assertThat(expense.bytes()).isLessThan(Attack.MOST_BYTES);
  }

  @Test
  void aLongLineInTheMiddleIsDamagedAndTheOthersAreRead() throws IOException {
    Path file = temp.resolve("a.jsonl");
    Files.write(file, header());
    byte[] much = new byte[10 << 20];
    much[much.length - 1] = '\n';
    Files.write(file, much, StandardOpenOption.APPEND);
    Files.write(file, line(1), StandardOpenOption.APPEND);
    PreferenceDataset.Contents contents = PreferenceDataset.read(file, group -> {});
    assertThat(contents.damaged()).isEqualTo(1);
    assertThat(contents.judgements()).isEqualTo(1);
  }

  @Test
  void theHashOfAnImageIsNotAPath() throws IOException {
    Path images = Files.createDirectory(temp.resolve("images"));
    Files.write(temp.resolve("secret.png"), Image.filled(2, 2, 1, 0, 0).toPng());
    for (String hash : List.of("../secret", "", "/etc/passwd", "a".repeat(63), "A".repeat(64))) {
      assertThatThrownBy(() -> ImageFolder.load(images, hash))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("64 hexadecimal digits");
    }
  }

  @Test
  void anImageThatIsALinkToSomewhereElseIsRefused() throws IOException {
    Path images = Files.createDirectory(temp.resolve("images"));
    Path secret = Files.write(temp.resolve("secret.png"), Image.filled(2, 2, 1, 0, 0).toPng());
    String hash = "0".repeat(64);
    Files.createSymbolicLink(images.resolve(hash + ".png"), secret);
    assertThatThrownBy(() -> ImageFolder.load(images, hash))
        .isInstanceOf(UnsafeFileException.class);
  }

  private static Attack attack() {
    byte[] header = header();
    byte[] first = line(1);
    byte[] second = line(2);
    byte[] all = Arrays.copyOf(header, header.length + first.length + second.length);
    System.arraycopy(first, 0, all, header.length, first.length);
    System.arraycopy(second, 0, all, header.length + first.length, second.length);
    return new Attack("a dataset", List.of(all), List.of(IllegalStateException.class));
  }

  private static byte[] header() {
    DatasetHeader header =
        DatasetHeader.of(
            Rubric.of("bright", "1", "The brighter image is better."),
            Settings.none().with("seed", 1));
    return (header.toLine() + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] line(int number) {
    AnnotatedGroup group =
        new AnnotatedGroup(
            String.format(Locale.ROOT, "%032x", number),
            Instant.EPOCH,
            Prompt.of("a \"red\" cat \u2615"),
            List.of("0".repeat(64), "1".repeat(64)),
            Judgement.of(Ranking.ofTiers(2, List.of(List.of(1), List.of(0))), "test")
                .withProvenance(Map.of("rubric", "bright@1")));
    return (DatasetLine.of(group) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] sealed(byte[] lines) {
    StringBuilder out = new StringBuilder();
    for (String line : new String(lines, StandardCharsets.UTF_8).split("\n", -1)) {
      int end = line.lastIndexOf(CRC);
      if (end < 0) {
        out.append(line);
      } else {
        CRC32 crc = new CRC32();
        crc.update(line.substring(0, end).getBytes(StandardCharsets.UTF_8));
        out.append(line, 0, end)
            .append(CRC)
            .append(String.format(Locale.ROOT, "%08x\"}", crc.getValue()));
      }
      out.append('\n');
    }
    return out.toString().getBytes(StandardCharsets.UTF_8);
  }
}
