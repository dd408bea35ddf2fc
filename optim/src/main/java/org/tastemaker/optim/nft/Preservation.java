package org.tastemaker.optim.nft;

import com.google.common.collect.Lists;
import java.util.Arrays;
import java.util.List;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.likelihood.PretrainingData;
import org.tastemaker.optim.likelihood.PretrainingData.Captioned;
import org.tastemaker.optim.policy.DenoisingExamples;
import org.tastemaker.optim.policy.UpdateDiagnostics;

/**
 * Keeps a model as it is on images that it is not trained on: {@code weight mean |o - o_ref|^2}, o
 * the output for a noisy image and o_ref that of the pre-trained model.
 *
 * @param data the images
 * @param weight of the term
 * @param batch how many images an update has
 */
record Preservation(PretrainingData data, double weight, int batch) {
  /** Adds the term's gradient to that of an update that has begun. */
  void add(long number, DenoisingExamples denoising, Seed seed, UpdateDiagnostics diagnostics) {
    int row = 0;
    for (List<Captioned> some :
        Lists.partition(data.batch(number, batch), denoising.microBatch())) {
      denoising.forward(
          some.stream().map(Captioned::latents).toList(),
          some.stream().map(Captioned::text).toList(),
          seed.split(row).splits(some.size()));
      row += some.size();
      for (double difference : denoising.differences()) {
        diagnostics.mean("preservedDistance", -1, difference);
      }
      double[] slopes = new double[some.size()];
      Arrays.fill(slopes, weight / batch);
      denoising.backward(new double[some.size()], slopes);
    }
  }
}
