package org.tastemaker.examples.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ObjLongConsumer;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGenerator;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;

/**
 * A model that tells after each batch what it has made, so that files can be written and progress
 * be shown as it goes.
 *
 * @param model makes the images
 * @param made receives the images of each batch, and how many there were in all before it
 */
record Batches(LatentDiffusion model, ObjLongConsumer<List<Image>> made) implements ImageGenerator {
  @Override
  public List<Image> generate(List<Prompt> prompts, List<Seed> seeds) {
    List<Image> images = new ArrayList<>();
    int batch = model.options().batchSize();
    for (int first = 0; first < prompts.size(); first += batch) {
      int end = Math.min(first + batch, prompts.size());
      List<Image> part = model.generate(prompts.subList(first, end), seeds.subList(first, end));
      made.accept(part, first);
      images.addAll(part);
    }
    return images;
  }
}
