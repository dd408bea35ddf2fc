package org.tastemaker.feedback.annotate;

import java.nio.file.Path;
import java.util.List;

/**
 * Preferences in the files that people's trainers and labelling tools have: a folder of winners and
 * one of losers, endings of names, a list of pairs, and D3PO's matrix.
 *
 * <pre>
 *   pairs/w/cat.png        pairs/cat_w.png      pairs.json         d3po/prompt.json
 *   pairs/w/cat.txt        pairs/cat_l.png      cat_0.png          d3po/images/00000.png
 *   pairs/l/cat.png        pairs/cat.txt        cat_1.png          d3po/images/00001.png
 *                                               cat_0.txt          votes.json
 *   {@link #winnersAndLosers}       {@link #suffixed}            {@link #listed}             {@link #matrices}
 * </pre>
 *
 * <p>A caption stands beside its image, in a file of the same name that ends in {@code .txt} or
 * {@code .caption}; one of a group is enough, and if there are several they must be the same. Names
 * are read as {@link PromptFolders} does, which also says how a file's text is encoded.
 *
 * <p>An entry that cannot be used is named with its cause and left out, and the others are read. A
 * file that is not what it should be as a whole is an error, which names the file and the line.
 * Images are not decoded here: {@link RankedFiles#load} does it.
 */
public final class PairFolders {
  private PairFolders() {}

  /**
   * Reads a folder with the folders {@code w} and {@code l}, whose images of the same name are a
   * pair; the extensions may differ.
   *
   * @param folder has both
   * @return the pairs, the winner first
   * @throws IllegalArgumentException if one of the folders is not there
   * @throws java.io.UncheckedIOException if one cannot be listed
   */
  public static FoundPairs winnersAndLosers(Path folder) {
    return WinnerLoserFolders.read(folder);
  }

  /**
   * Reads a folder of images whose names end in {@code _w} (better), {@code _l} (worse) or {@code
   * _e} (even: between the two). Images of one name are a group: {@code cat_w.png} and {@code
   * cat_l.png}, or {@code cat_0_l.png}, {@code cat_1_l.png} and {@code cat_2_w.png}, where those of
   * the same letter are tied.
   *
   * @param folder has the images and the captions
   * @return the groups
   * @throws IllegalArgumentException if there is no such folder
   * @throws java.io.UncheckedIOException if it cannot be listed
   */
  public static FoundPairs suffixed(Path folder) {
    return SuffixedImages.read(folder);
  }

  /**
   * Reads a JSON list of groups.
   *
   * <pre>
   *   [{"image_0": "cat.png", "pref_0": -1, "image_1": "cat1.png", "pref_1": 1}, ...]
   * </pre>
   *
   * <p>{@code image_0}, {@code image_1} and so on are files in the list's own folder, and {@code
   * pref_0} and so on numbers: higher is better, equal is a tie. With a {@code caption} or a {@code
   * prompt} the group needs no captions beside its images.
   *
   * @param file the list
   * @return the groups, in the order of the list
   * @throws IllegalArgumentException if it is not such a list; the message names the file and the
   *     line
   * @throws java.io.UncheckedIOException if it cannot be read
   */
  public static FoundPairs listed(Path file) {
    return PairListFile.read(file);
  }

  /**
   * Reads the images that D3PO's program has sampled, with people's votes: a row for each prompt, a
   * number for each of its images, 0 for a good one and -1 for a bad one, or any other where higher
   * is better. Image {@code k} of prompt {@code n}, where each has K, is {@code images/<n K + k
   * with five digits>.png}.
   *
   * <p>The votes of several people are averaged, as the program does.
   *
   * @param folder has {@code prompt.json}, a list of texts, and {@code images/}
   * @param votes at least one file; the rows that all of them have are used
   * @return a group for each row, all images of it
   * @throws IllegalArgumentException if a file is not such a matrix; the message names the file and
   *     the line
   * @throws IllegalArgumentException if the matrices do not fit each other or the prompts
   * @throws java.io.UncheckedIOException if a file cannot be read
   */
  public static FoundPairs matrices(Path folder, List<Path> votes) {
    return VoteMatrix.read(folder, votes);
  }
}
