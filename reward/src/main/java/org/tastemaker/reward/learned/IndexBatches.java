package org.tastemaker.reward.learned;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.DataSetPreProcessor;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/**
 * Batches of indices in the form that Deeplearning4j's trainers expect: data sets without data,
 * whose metadata are the indices. Each reset reshuffles them.
 */
@SuppressWarnings("serial") // Deeplearning4j's interface is Serializable; nothing serialises it
final class IndexBatches implements DataSetIterator {
  private final int[] order;
  private final int batch;
  private final RandomGenerator random;
  private int next;

  IndexBatches(int count, int batch, RandomGenerator random) {
    this.order = new int[count];
    Arrays.setAll(order, i -> i);
    this.batch = batch;
    this.random = random;
  }

  @Override
  public void reset() {
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
    next = 0;
  }

  @Override
  public boolean hasNext() {
    return next < order.length;
  }

  @Override
  public DataSet next() {
    return next(batch);
  }

  @Override
  public DataSet next(int count) {
    if (!hasNext()) {
      throw new NoSuchElementException("all prompts of this epoch were given out");
    }
    List<Integer> indices = new ArrayList<>();
    for (int i = 0; i < count && hasNext(); i++) {
      indices.add(order[next++]);
    }
    DataSet named = new DataSet();
    named.setExampleMetaData(indices);
    return named;
  }

  @Override
  public int batch() {
    return batch;
  }

  @Override
  public boolean resetSupported() {
    return true;
  }

  @Override
  public boolean asyncSupported() {
    return false;
  }

  @Override
  public int inputColumns() {
    throw new UnsupportedOperationException("there are indices only");
  }

  @Override
  public int totalOutcomes() {
    throw new UnsupportedOperationException("there are indices only");
  }

  @Override
  public List<String> getLabels() {
    throw new UnsupportedOperationException("there are indices only");
  }

  @Override
  public void setPreProcessor(DataSetPreProcessor preProcessor) {
    throw new UnsupportedOperationException("there are indices only");
  }

  @Override
  public @Nullable DataSetPreProcessor getPreProcessor() {
    return null;
  }
}
