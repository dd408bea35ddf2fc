package org.tastemaker.examples.measure;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.files.BoundedFiles;
import org.tastemaker.core.files.FolderBounds;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;

/**
 * A folder's images and what they were made for.
 *
 * <pre>
 *   prompts.csv       with a header:   file,prompt          cat.png,"a cat, asleep"
 *   prompts.jsonl     a line each:     {"file": "cat.png", "prompt": "a cat, asleep"}
 *   neither           cat.txt beside cat.png, or else the file's name: red_cat.png is "red cat"
 * </pre>
 *
 * <p>{@code file} may be called {@code file_name} or {@code image}, and {@code prompt} {@code text}
 * or {@code caption}, as data sets have it.
 */
public final class PromptedImages {
  private static final int MOST_BYTES = 64 << 20;
  private static final List<String> FILE = List.of("file", "file_name", "image");
  private static final List<String> PROMPT = List.of("prompt", "text", "caption");
  private static final Set<String> IMAGES = Set.of("png", "jpg", "jpeg", "gif", "bmp", "webp");

  private PromptedImages() {}

  /**
   * An image that is not read yet.
   *
   * @param file of the image
   * @param prompt that it was made for
   */
  public record Entry(Path file, Prompt prompt) {}

  /**
   * Finds them.
   *
   * @param folder of the images
   * @param list of files and prompts; null for captions or names
   * @param problems receives what is left out
   * @return at least one
   * @throws IOException if the folder cannot be read
   * @throws IllegalArgumentException if there is none, or the list is no list
   */
  public static List<Entry> of(Path folder, @Nullable Path list, Consumer<String> problems)
      throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException("there is no folder of images " + folder);
    }
    List<Entry> entries = list == null ? named(folder) : listed(folder, list, problems);
    if (entries.isEmpty()) {
      throw new IllegalArgumentException(
          list == null
              ? folder + " has no images: expected files that end in " + IMAGES
              : list + " names no image that is in " + folder);
    }
    return entries;
  }

  private static List<Entry> named(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(folder)) {
      files = all.filter(PromptedImages::isImage).sorted().toList();
    }
    List<Entry> entries = new ArrayList<>();
    for (Path file : files) {
      String name = String.valueOf(file.getFileName());
      String stem = name.substring(0, name.lastIndexOf('.'));
      Path caption = file.resolveSibling(stem + ".txt");
      String text = Files.isRegularFile(caption) ? read(caption).strip() : stem.replace('_', ' ');
      entries.add(new Entry(file, Prompt.of(text)));
    }
    return entries;
  }

  private static boolean isImage(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    int dot = name.lastIndexOf('.');
    return dot > 0 && IMAGES.contains(name.substring(dot + 1)) && Files.isRegularFile(file);
  }

  private static List<Entry> listed(Path folder, Path list, Consumer<String> problems) {
    String name = String.valueOf(list.getFileName()).toLowerCase(Locale.ROOT);
    List<String[]> rows;
    if (name.endsWith(".csv")) {
      rows = ofCsv(list);
    } else if (name.endsWith(".jsonl")) {
      rows = ofJsonLines(list);
    } else {
      throw new IllegalArgumentException(
          "a list of prompts must end in .csv or .jsonl, but is " + list);
    }
    FolderBounds bounds = FolderBounds.of(folder);
    List<Entry> entries = new ArrayList<>();
    for (String[] row : rows) {
      Path file = bounds.resolve(row[0]);
      if (Files.isRegularFile(file)) {
        entries.add(new Entry(file, Prompt.of(row[1])));
      } else {
        problems.accept(file + " is left out: " + list + " names it, but it is not there");
      }
    }
    return entries;
  }

  private static List<String[]> ofCsv(Path list) {
    List<List<String>> rows = Csv.rows(read(list), list.toString());
    List<String> header = rows.isEmpty() ? List.of() : rows.get(0);
    int file = column(header, FILE, list);
    int prompt = column(header, PROMPT, list);
    List<String[]> found = new ArrayList<>();
    for (int i = 1; i < rows.size(); i++) {
      List<String> row = rows.get(i);
      if (row.size() != header.size()) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: row %d has %d cells, but the header has %d; a prompt with a comma must be"
                    + " quoted",
                list,
                i + 1,
                row.size(),
                header.size()));
      }
      found.add(new String[] {row.get(file), row.get(prompt)});
    }
    return found;
  }

  private static int column(List<String> header, List<String> names, Path list) {
    List<String> lower =
        header.stream().map(cell -> cell.strip().toLowerCase(Locale.ROOT)).toList();
    return names.stream()
        .mapToInt(lower::indexOf)
        .filter(index -> index >= 0)
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    list + ": expected a header with one of " + names + ", but it is " + header));
  }

  private static List<String[]> ofJsonLines(Path list) {
    List<String[]> found = new ArrayList<>();
    int number = 0;
    for (String line : read(list).lines().toList()) {
      number++;
      if (!line.isBlank()) {
        JsonObject row = Json.parseObject(line, list + ", line " + number);
        found.add(new String[] {text(row, FILE, list, number), text(row, PROMPT, list, number)});
      }
    }
    return found;
  }

  private static String text(JsonObject row, List<String> names, Path list, int number) {
    for (String name : names) {
      if (row.has(name)) {
        return row.text(name);
      }
    }
    throw new IllegalArgumentException(
        list + ", line " + number + ": expected an object with one of " + names);
  }

  private static String read(Path file) {
    String text = new String(BoundedFiles.read(file, MOST_BYTES), StandardCharsets.UTF_8);
    return text.startsWith("\ufeff") ? text.substring(1) : text; // a byte-order mark
  }
}
