package org.tastemaker.feedback.annotate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;

/**
 * Folders of prompts and images as people make them.
 *
 * <pre>
 * prompts/
 *   penguin/           any name
 *     prompt.txt       what the images were made for
 *     0.png, b.JPG     the images, in the order of their names
 *   rocket/ ...
 * </pre>
 *
 * <p>What an operating system leaves there (names that begin with a dot, {@code Thumbs.db}, {@code
 * desktop.ini}, {@code __MACOSX}) is passed over. Extensions are taken in upper and lower case. A
 * text is UTF-8, or what its byte-order mark says, which is no part of the prompt. An entry that
 * cannot be read is named with its cause and left out, and the others are read: a group without one
 * of its images, if at least two are left, otherwise without the group.
 */
public final class PromptFolders {
  /** Those that are refused are among them: their messages say what to do. */
  private static final Set<String> IMAGES =
      Set.of(
          "png", "jpg", "jpeg", "jpe", "jfif", "gif", "bmp", "webp", "avif", "heic", "heif", "tif",
          "tiff", "jxl", "jp2");

  private static final Set<String> LEFT_BY_SYSTEMS =
      Set.of("thumbs.db", "desktop.ini", "__macosx", "ehthumbs.db");

  private PromptFolders() {}

  /**
   * An entry that was left out.
   *
   * @param path of a file or a folder
   * @param cause what is wrong with it, and the way out
   */
  public record Problem(Path path, String cause) {
    public Problem {
      Objects.requireNonNull(path, "path == null");
      Objects.requireNonNull(cause, "cause == null");
    }

    @Override
    public String toString() {
      return path + " is left out: " + cause;
    }
  }

  /**
   * What was read.
   *
   * @param groups in the order of their names
   * @param problems what was left out, in the order in which it was met
   */
  public record Contents(List<ImageGroup> groups, List<Problem> problems) {
    public Contents {
      groups = List.copyOf(groups);
      problems = List.copyOf(problems);
    }
  }

  /**
   * Reads all groups of a folder that fits into memory.
   *
   * @param folder has a folder for each prompt
   * @return the groups, and what was left out
   * @throws IllegalArgumentException if there is no such folder
   * @throws UncheckedIOException if it cannot be listed
   */
  public static Contents read(Path folder) {
    List<Problem> problems = new ArrayList<>();
    List<ImageGroup> groups = new ArrayList<>();
    each(folder, problems::add).forEach(groups::add);
    return new Contents(groups, problems);
  }

  /**
   * The groups of a folder, each read when it is drawn: a job releases its images once they are
   * judged.
   *
   * @param folder has a folder for each prompt
   * @param problems receives what is left out, whenever the groups are drawn
   * @return the groups in the order of their names; may be drawn more than once
   * @throws IllegalArgumentException if there is no such folder
   * @throws UncheckedIOException if it cannot be listed
   */
  public static Iterable<ImageGroup> each(Path folder, Consumer<Problem> problems) {
    List<Path> folders = entries(folder);
    return () -> new Groups(folders.iterator(), problems);
  }

  /**
   * Reads a folder of images with captions, {@code NAME.png} beside {@code NAME.txt}, as data sets
   * for training have them.
   *
   * @param folder has the images and the captions
   * @return a group of one image for each, with its caption as the prompt, and what was left out
   * @throws IllegalArgumentException if there is no such folder
   * @throws UncheckedIOException if it cannot be listed
   */
  public static Contents captioned(Path folder) {
    List<Problem> problems = new ArrayList<>();
    List<ImageGroup> groups = new ArrayList<>();
    List<Path> entries = entries(folder);
    for (Path file : entries) {
      if (!isImage(file)) {
        continue;
      }
      String caption = stem(file) + ".txt";
      Path text = named(entries, caption);
      if (text == null) {
        problems.add(
            new Problem(file, "it has no caption: write one into " + file.resolveSibling(caption)));
        continue;
      }
      String prompt = text(text, problems::add);
      Image image = prompt == null ? null : image(file, problems::add);
      if (prompt != null && image != null) {
        groups.add(new ImageGroup(Prompt.of(prompt), List.of(image)));
      }
    }
    return new Contents(groups, problems);
  }

  /** Reads one group after another, past those that cannot be read. */
  private static final class Groups implements Iterator<ImageGroup> {
    private final Iterator<Path> folders;
    private final Consumer<Problem> problems;
    private @Nullable ImageGroup next;

    Groups(Iterator<Path> folders, Consumer<Problem> problems) {
      this.folders = folders;
      this.problems = problems;
    }

    @Override
    public boolean hasNext() {
      while (next == null && folders.hasNext()) {
        next = group(folders.next(), problems);
      }
      return next != null;
    }

    @Override
    public ImageGroup next() {
      ImageGroup group = hasNext() ? next : null;
      if (group == null) {
        throw new NoSuchElementException("there are no more groups");
      }
      next = null;
      return group;
    }
  }

  private static @Nullable ImageGroup group(Path folder, Consumer<Problem> problems) {
    List<Path> entries;
    try {
      entries = entries(folder);
    } catch (UncheckedIOException | IllegalArgumentException e) {
      problems.accept(
          new Problem(
              folder,
              Files.isDirectory(folder)
                  ? cause(folder, e)
                  : "it is not a folder; each prompt has a folder of its own, with prompt.txt and"
                      + " its images"));
      return null;
    }
    Path file = named(entries, "prompt.txt");
    if (file == null) {
      problems.accept(
          new Problem(folder, "it has no prompt.txt: write what its images were made for into it"));
      return null;
    }
    String prompt = text(file, problems);
    if (prompt == null) {
      return null;
    }
    List<Image> images = new ArrayList<>();
    int files = 0;
    for (Path entry : entries) {
      if (isImage(entry)) {
        files++;
        Image image = image(entry, problems);
        if (image != null) {
          images.add(image);
        }
      }
    }
    if (images.isEmpty() || (images.size() == 1 && files > 1)) {
      problems.accept(
          new Problem(
              folder,
              files == 0
                  ? "it has no images: put them there, as *.png for instance"
                  : images.size()
                      + " of its "
                      + files
                      + " images can be read, and there is nothing to compare"));
      return null;
    }
    return new ImageGroup(Prompt.of(prompt), images);
  }

  static @Nullable String text(Path file, Consumer<Problem> problems) {
    try {
      return PromptText.read(file);
    } catch (UncheckedIOException | IllegalArgumentException e) {
      problems.accept(new Problem(file, cause(file, e)));
      return null;
    }
  }

  private static @Nullable Image image(Path file, Consumer<Problem> problems) {
    try {
      return Image.read(file);
    } catch (UncheckedIOException | IllegalArgumentException e) {
      problems.accept(new Problem(file, cause(file, e)));
      return null;
    }
  }

  /** The message without the path, which is told beside it. */
  private static String cause(Path path, RuntimeException failure) {
    String words = String.valueOf(failure.getMessage());
    return words.startsWith(path + ": ") ? words.substring((path + ": ").length()) : words;
  }

  /** What is in a folder, without what systems leave there, by name. */
  static List<Path> entries(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException(
          "there is no folder " + folder + ": make one, and put prompts and images there");
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(entry -> !isLeftBySystem(entry)).sorted().toList();
    } catch (IOException | UncheckedIOException e) {
      throw new UncheckedIOException(
          "cannot list " + folder + ": " + e.getMessage(),
          e instanceof UncheckedIOException u ? u.getCause() : (IOException) e);
    }
  }

  private static boolean isLeftBySystem(Path entry) {
    String name = name(entry);
    return name.startsWith(".") || LEFT_BY_SYSTEMS.contains(name);
  }

  static boolean isImage(Path file) {
    String name = name(file);
    int dot = name.lastIndexOf('.');
    return dot > 0 && IMAGES.contains(name.substring(dot + 1)) && !Files.isDirectory(file);
  }

  static @Nullable Path named(List<Path> entries, String name) {
    Path other = null;
    for (Path entry : entries) {
      if (String.valueOf(entry.getFileName()).equals(name)) {
        return entry;
      }
      if (name(entry).equals(name.toLowerCase(Locale.ROOT))) {
        other = entry;
      }
    }
    return other;
  }

  static String stem(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.substring(0, name.lastIndexOf('.'));
  }

  private static String name(Path entry) {
    return String.valueOf(entry.getFileName()).toLowerCase(Locale.ROOT);
  }
}
