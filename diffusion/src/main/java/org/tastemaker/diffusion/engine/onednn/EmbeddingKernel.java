package org.tastemaker.diffusion.engine.onednn;

import java.util.List;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.bytedeco.javacpp.indexer.IntIndexer;
import org.jspecify.annotations.Nullable;

/** Looks up rows of a table. The ids were checked before the run. */
final class EmbeddingKernel implements Kernel {
  private final LayerScope layer;
  private final long count;
  private final long rows;
  private final long channels;
  private @Nullable IntIndexer ids;

  EmbeddingKernel(LayerScope layer) {
    this.layer = layer;
    if (layer.leaf(0) == null) {
      throw new OneDnn.Unsupported("embedding of computed ids");
    }
    count = Shapes.count(layer.shape(0));
    rows = layer.shape(1)[0];
    channels = layer.shape(1)[1];
  }

  @Override
  public void forward() {
    layer
        .program()
        .loop(
            List.of(layer.input(1), layer.output()),
            buffers -> {
              for (long i = 0; i < count; i++) {
                long from = id(i) * channels;
                for (long c = 0; c < channels; c++) {
                  buffers[1].put(i * channels + c, buffers[0].get(from + c));
                }
              }
            });
  }

  @Override
  public void backward(Buffer gradient) {
    Buffer dTable = layer.target(1);
    layer
        .program()
        .loop(
            List.of(gradient, dTable),
            buffers -> {
              FloatIndexer table = buffers[1];
              PartKernel.fillWithZeros(table, rows * channels);
              for (long i = 0; i < count; i++) {
                long to = id(i) * channels;
                for (long c = 0; c < channels; c++) {
                  table.put(to + c, table.get(to + c) + buffers[0].get(i * channels + c));
                }
              }
            });
    layer.contribute(1, dTable);
  }

  private long id(long index) {
    IntIndexer indexer = ids;
    if (indexer == null) {
      Buffer buffer = layer.parameter(0);
      IntPointer pointer = new IntPointer(new OneDnn.Address(buffer.address())).capacity(count);
      indexer = IntIndexer.create(pointer);
      ids = indexer;
    }
    return indexer.get(index);
  }
}
