package org.tastemaker.diffusion.weights;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonLimits;
import org.tastemaker.core.json.JsonObject;

/**
 * A model in several files, with an index that says which tensor is in which: {@code
 * ….safetensors.index.json} or {@code ….bin.index.json} with a {@code weight_map}, as diffusers and
 * transformers write them.
 */
public final class ShardedTensors implements TensorFile {
  /** The largest models have some thousand tensors. */
  private static final JsonLimits LIMITS = new JsonLimits(16 << 20, 20, 200_000);

  private static final int MOST_SHARDS = 1000;

  private final Path index;
  private final ImmutableMap<String, TensorFile> shards; // by the name of a tensor
  private final Set<TensorFile> open;

  private ShardedTensors(Path index, Map<String, TensorFile> shards, Set<TensorFile> open) {
    this.index = index;
    this.shards = ImmutableMap.copyOf(shards);
    this.open = open;
  }

  /**
   * Opens all files that an index names, and checks that it is right about every tensor.
   *
   * @param index the file
   * @param resolve from a name in the index's folder to the file; refuses what must not be read
   * @return the tensors, to be closed
   * @throws SafetensorsException if a shard is missing or damaged, or holds other tensors than the
   *     index says; nothing stays open
   */
  public static ShardedTensors open(Path index, Function<String, Path> resolve) {
    JsonObject root = Json.parseObject(Json.readText(index, LIMITS), index.toString(), LIMITS);
    Map<String, String> map = root.object("weight_map").toTexts();
    Set<String> files = new LinkedHashSet<>(map.values());
    if (files.size() > MOST_SHARDS) {
      throw new SafetensorsException(
          index + ": expected at most " + MOST_SHARDS + " shards, but it names " + files.size());
    }
    Map<String, TensorFile> byFile = new LinkedHashMap<>();
    try {
      for (String file : files) {
        if (file.contains("/") || file.contains("\\")) {
          throw new SafetensorsException(
              index + ": a shard must be a file beside it, but it names " + file);
        }
        byFile.put(file, TensorFiles.open(resolve.apply(file)));
      }
      Map<String, TensorFile> byName = new LinkedHashMap<>();
      map.forEach((name, file) -> byName.put(name, byFile.get(file)));
      check(index, byName, byFile);
      return new ShardedTensors(index, byName, new LinkedHashSet<>(byFile.values()));
    } catch (RuntimeException | Error e) {
      byFile.values().forEach(TensorFile::close);
      throw e;
    }
  }

  private static void check(
      Path index, Map<String, TensorFile> byName, Map<String, TensorFile> byFile) {
    byName.forEach(
        (name, shard) -> {
          if (!shard.names().contains(name)) {
            throw new SafetensorsException(
                index
                    + " says that "
                    + shard.path().getFileName()
                    + " holds "
                    + SafetensorsHeader.quote(name)
                    + ", but it does not: the files are not of one model, or a download is"
                    + " incomplete");
          }
        });
    byFile.forEach(
        (file, shard) ->
            shard
                .names()
                .forEach(
                    name -> {
                      if (!shard.equals(byName.get(name))) {
                        throw new SafetensorsException(
                            file
                                + " holds "
                                + SafetensorsHeader.quote(name)
                                + ", which "
                                + index
                                + " does not say: the files are not of one model");
                      }
                    }));
  }

  @Override
  public Path path() {
    return index;
  }

  @Override
  public Set<String> names() {
    return shards.keySet();
  }

  @Override
  public ImmutableLongArray shape(String name) {
    return shard(name).shape(name);
  }

  @Override
  public DType dtype(String name) {
    return shard(name).dtype(name);
  }

  @Override
  public INDArray array(String name, DataType type) {
    return shard(name).array(name, type);
  }

  private TensorFile shard(String name) {
    TensorFile shard = shards.get(name);
    if (shard == null) {
      throw new SafetensorsException(index + ": no tensor " + SafetensorsHeader.quote(name));
    }
    return shard;
  }

  @Override
  public void close() {
    open.forEach(TensorFile::close);
  }
}
