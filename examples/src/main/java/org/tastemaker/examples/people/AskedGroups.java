package org.tastemaker.examples.people;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractCollection;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.annotate.PromptFolders;
import picocli.CommandLine.Option;

/** The options that say what people are asked about. */
public final class AskedGroups implements AutoCloseable {
  @Option(
      names = "--folder",
      paramLabel = "FOLDER",
      description = "A folder for each prompt, with prompt.txt and images.")
  private @Nullable Path folder;

  @Option(
      names = "--dataset",
      paramLabel = "FILE",
      description = "The groups of this dataset, whoever has judged them.")
  private @Nullable Path dataset;

  @Option(
      names = "--images",
      paramLabel = "FOLDER",
      description = "The images of --dataset (default: 'images' beside it).")
  private @Nullable Path images;

  @Option(
      names = "--model",
      paramLabel = "FOLDER",
      description = "A model that makes the images (default: the bundled model).")
  private @Nullable Path model;

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      description = "What the model is asked for; may be given several times.")
  private List<String> prompts = List.of("penguin", "rocket", "frog", "pizza", "robot", "bus");

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "Images for each prompt (default: ${DEFAULT-VALUE}).")
  private int count = 4;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of the model's images, and of the order in which they are shown.")
  private long seed = 1;

  private @Nullable LatentDiffusion loaded;

  /** Made by picocli. */
  public AskedGroups() {}

  /**
   * Of the model's images, and of the order in which they are shown.
   *
   * @return as given, or the default
   */
  public Seed seed() {
    return Seed.of(seed);
  }

  /**
   * The groups, each made or read when it is drawn.
   *
   * @param out receives what is left out
   * @return the groups; valid until this is closed
   * @throws IllegalArgumentException if they are not there, or come from two places
   */
  public Collection<ImageGroup> open(PrintWriter out) {
    if ((folder == null ? 0 : 1) + (dataset == null ? 0 : 1) + (model == null ? 0 : 1) > 1) {
      throw new IllegalArgumentException(
          "--folder, --dataset and --model say where the images come from: give one of them");
    }
    if (folder != null) {
      if (!Files.isDirectory(folder)) {
        throw new IllegalArgumentException("--folder: there is no folder " + folder);
      }
      PromptFolders.Contents contents = PromptFolders.read(folder);
      contents.problems().forEach(out::println);
      return contents.groups();
    }
    if (dataset != null) {
      if (!Files.isRegularFile(dataset)) {
        throw new IllegalArgumentException("--dataset: there is no file " + dataset);
      }
      Path saved = images == null ? dataset.resolveSibling("images") : images;
      return drawn(PreferenceDataset.readAll(dataset), group -> group.load(saved));
    }
    if (count < 2) {
      throw new IllegalArgumentException("--count must be at least 2, but was " + count);
    }
    LatentDiffusion generator = model == null ? BundledModel.load() : LatentDiffusion.load(model);
    loaded = generator;
    return drawn(
        prompts,
        text -> {
          Prompt prompt = Prompt.of(text);
          return new ImageGroup(
              prompt,
              generator.generate(
                  Collections.nCopies(count, prompt), seed().split(text).splits(count)));
        });
  }

  private static <T> Collection<ImageGroup> drawn(List<T> all, Function<T, ImageGroup> make) {
    return new AbstractCollection<>() { // its size is known: for the progress of the job
      @Override
      public Iterator<ImageGroup> iterator() {
        return all.stream().map(make).iterator();
      }

      @Override
      public int size() {
        return all.size();
      }
    };
  }

  @Override
  public void close() {
    if (loaded != null) {
      loaded.close();
    }
  }
}
