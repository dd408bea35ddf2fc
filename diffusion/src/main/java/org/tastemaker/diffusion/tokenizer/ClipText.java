package org.tastemaker.diffusion.tokenizer;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The clean-up of a prompt and its split into words.
 *
 * <p>CLIP's own tokenizer cleans with the library ftfy, and the tools that read its files differ
 * where ftfy is absent. This is the part that ftfy and the current tools agree on: control
 * characters are removed, Unicode form C, white space collapses, lower case. Not done: repairs of
 * wrongly decoded text, HTML entities, typographic quotes. East Asian characters are not separated
 * and joiners (as in emoji) stay, as in CLIP's own tokenizer.
 */
final class ClipText {
  static final String START = "<|startoftext|>";
  static final String END = "<|endoftext|>";

  // The controls that ftfy removes: those of ASCII other than tab, line feed, form feed and
  // carriage
  // return; the deprecated format characters, the byte order mark and the interlinear annotations.
  private static final Pattern CONTROLS =
      Pattern.compile("[\\x00-\\x08\\x0B\\x0E-\\x1F\\x7F\\u206A-\\u206F\\uFEFF\\uFFF9-\\uFFFC]");

  private static final Pattern UNPAIRED_SURROGATES = Pattern.compile("\\p{Cs}");

  private static final Pattern WHITE_SPACE =
      Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS);

  private static final Pattern WORD =
      Pattern.compile(
          "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d"
              + "|\\p{L}+|\\p{N}|[^\\s\\p{L}\\p{N}]+",
          Pattern.UNICODE_CHARACTER_CLASS | Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);

  private ClipText() {}

  /** The words of a text, cleaned and in lower case. */
  static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    Matcher matcher = WORD.matcher(clean(text));
    while (matcher.find()) {
      words.add(matcher.group());
    }
    return words;
  }

  static String clean(String text) {
    String clean = UNPAIRED_SURROGATES.matcher(text).replaceAll("\uFFFD");
    clean = CONTROLS.matcher(clean).replaceAll("");
    clean = Normalizer.normalize(clean, Normalizer.Form.NFC);
    clean = WHITE_SPACE.matcher(clean).replaceAll(" ");
    return clean.strip().toLowerCase(Locale.ROOT);
  }
}
