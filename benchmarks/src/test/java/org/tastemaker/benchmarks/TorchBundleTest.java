package org.tastemaker.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.diffusion.engine.graph.Layer.Kind;
import org.tastemaker.diffusion.torch.GraphExport;

class TorchBundleTest {
  @TempDir private static Path folder;

  @BeforeAll
  static void write() throws IOException {
    TorchBundle.write(folder, Seed.of(1));
  }

  private static JsonObject graph(String path) {
    return Json.readObject(folder.resolve(path).resolve(GraphExport.LAYERS));
  }

  private static List<String> listed(String group) {
    return Json.readObject(folder.resolve("bundle.json")).texts(group);
  }

  private static Set<Kind> kinds(List<String> paths) {
    Set<Kind> kinds = EnumSet.noneOf(Kind.class);
    for (String path : paths) {
      for (JsonObject layer : graph(path).objects("layers")) {
        kinds.add(Kind.valueOf(layer.text("kind")));
      }
    }
    return kinds;
  }

  @Test
  void everyKindOfLayerIsThereByItself() {
    List<String> layers = listed("layers");
    assertThat(kinds(layers)).containsExactly(Kind.values());
    assertThat(layers)
        .allSatisfy(path -> assertThat(graph(path).objects("layers")).as(path).hasSizeLessThan(2));
  }

  @Test
  void whatIsListedIsThere() {
    List<String> cases = new ArrayList<>(listed("layers"));
    cases.addAll(listed("models"));
    assertThat(cases)
        .doesNotHaveDuplicates()
        .allSatisfy(
            path -> {
              assertThat(folder.resolve(path).resolve(GraphExport.LAYERS)).exists();
              assertThat(folder.resolve(path).resolve(GraphExport.ARRAYS)).exists();
            });
    assertThat(listed("sizes"))
        .allSatisfy(
            path -> {
              assertThat(folder.resolve(path).resolve(GraphExport.LAYERS)).exists();
              assertThat(folder.resolve(path).resolve("config.json")).exists();
            });
  }

  @Test
  void theRealSizesHaveAsManyWeightsAsTheModels() {
    // What the published models have. Of the 2,567,463,684 of SDXL those are left out that belong
    // to
    // its second embedding, 2816 x 1280 + 1280 and 1280 x 1280 + 1280.
    assertThat(weights("sizes/sd15")).isEqualTo(859_520_964L);
    assertThat(weights("sizes/sdxl"))
        .isEqualTo(2_567_463_684L - (2816 + 1) * 1280L - (1280 + 1) * 1280L);
  }

  private static long weights(String path) {
    return graph(path).objects("leaves").stream()
        .filter(leaf -> leaf.text("role").equals("FROZEN"))
        .mapToLong(
            leaf ->
                leaf.integers("shape").stream().mapToLong(size -> size).reduce(1, (a, b) -> a * b))
        .sum();
  }

  @Test
  void aFileThatIsTooLargeToBeSentIsAnError(@TempDir Path other) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(other.resolve("large").toFile(), "rw")) {
      file.setLength(60_000_001);
    }
    assertThatIllegalStateException()
        .isThrownBy(() -> TorchBundle.checkedSize(other))
        .withMessageContaining("large has 60000001 bytes, more than 60000000");
  }

  @Test
  void theBundleItselfIsSmallEnough() throws IOException {
    assertThat(TorchBundle.checkedSize(folder)).isLessThan(60_000_000);
  }
}
