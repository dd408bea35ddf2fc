package org.tastemaker.core.card;

import java.nio.file.Files;
import java.nio.file.Path;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.run.AtomicFiles;

/** Where a card is written. */
public final class CardFile {
  private static final String README = "README.md";

  private CardFile() {}

  /**
   * Writes the card of a folder into it, or that of a file beside it: as {@code README.md}, or,
   * where there is one that this library has not written, under the model's own name with {@code
   * .md}. A card of an earlier save is replaced.
   *
   * @param model the file or the folder, which exists
   * @param card what it says
   * @param kind of the model
   * @return the card's file
   */
  public static Path write(Path model, ModelCard card, ModelCard.Kind kind) {
    Path folder = Files.isDirectory(model) ? model : parent(model);
    Path file = folder.resolve(README);
    if (Files.exists(file) && !Json.readText(file).contains(CardPage.MARK)) {
      file = folder.resolve(model.toAbsolutePath().normalize().getFileName() + ".md");
    }
    AtomicFiles.write(file, new CardPage(card, kind).text());
    return file;
  }

  private static Path parent(Path file) {
    Path parent = file.toAbsolutePath().getParent();
    if (parent == null) {
      throw new IllegalArgumentException(file + " is no file of a model");
    }
    return parent;
  }
}
