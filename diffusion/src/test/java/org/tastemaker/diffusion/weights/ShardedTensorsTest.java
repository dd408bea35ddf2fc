package org.tastemaker.diffusion.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class ShardedTensorsTest {
  @TempDir Path folder;

  private Path index(String map) throws IOException {
    shard("model-00001-of-00002.safetensors", "a", 1);
    shard("model-00002-of-00002.safetensors", "b", 2);
    Path index = folder.resolve("model.safetensors.index.json");
    Files.writeString(
        index, "{\"metadata\":{\"total_size\":8},\"weight_map\":{" + map.replace('\'', '"') + "}}");
    return index;
  }

  private void shard(String file, String name, float value) {
    new SafetensorsWriter()
        .add(name, new float[] {value, value}, DType.F32, 2)
        .write(folder.resolve(file));
  }

  private ShardedTensors open(Path index) {
    return ShardedTensors.open(index, folder::resolve);
  }

  @Test
  void eachTensorIsReadFromItsFile() throws IOException {
    Path index =
        index("'a':'model-00001-of-00002.safetensors','b':'model-00002-of-00002.safetensors'");
    try (ShardedTensors tensors = open(index);
        INDArray b = tensors.array("b", DataType.FLOAT)) {
      assertThat(tensors.names()).containsExactly("a", "b");
      assertThat(tensors.shape("a").toArray()).containsExactly(2);
      assertThat(b.toFloatVector()).containsExactly(2, 2);
      assertThatThrownBy(() -> tensors.shape("c")).hasMessageContaining("no tensor 'c'");
    }
  }

  @Test
  void anIndexThatIsWrongAboutItsFilesIsRefused() throws IOException {
    assertThatThrownBy(
            () ->
                open(
                    index(
                        "'a':'model-00002-of-00002.safetensors','b':'model-00002-of-00002.safetensors'")))
        .hasMessageContaining("says that model-00002-of-00002.safetensors holds 'a'");
    assertThatThrownBy(
            () -> open(index("'a':'model-00001-of-00002.safetensors','b':'../b.safetensors'")))
        .hasMessageContaining("a shard must be a file beside it");
    new SafetensorsWriter()
        .add("a", new float[] {1}, DType.F32, 1)
        .add("more", new float[] {1}, DType.F32, 1)
        .write(folder.resolve("extra.safetensors"));
    assertThatThrownBy(() -> open(index("'a':'extra.safetensors'")))
        .hasMessageContaining("holds 'more'");
  }

  @Test
  void aShardThatIsNotThereIsNamed() throws IOException {
    Path index = index("'a':'model-00001-of-00003.safetensors'");
    assertThatThrownBy(() -> open(index)).hasMessageContaining("model-00001-of-00003.safetensors");
  }
}
