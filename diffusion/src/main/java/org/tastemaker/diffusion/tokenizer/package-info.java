/**
 * From a prompt to the token ids of a CLIP text encoder, and back.
 *
 * <p>The encoding has three stages, one class each:
 *
 * <ol>
 *   <li>{@code ClipText}: the text is cleaned (Unicode form C, white space, lower case) and split
 *       into words: runs of letters, single digits, runs of other signs, English contractions.
 *   <li>{@code ByteSymbols}: a word's UTF-8 bytes become symbols, one printable character per byte,
 *       so that no text is outside the vocabulary; the last symbol of a word carries {@code </w>}.
 *   <li>{@link org.tastemaker.diffusion.tokenizer.ClipTokenizer}: the vocabulary's merges join
 *       neighbouring symbols, the earliest merge first (byte-pair encoding; Sennrich, Haddow and
 *       Birch, "Neural Machine Translation of Rare Words with Subword Units", 2016), and what is
 *       left is looked up.
 * </ol>
 *
 * <p>{@link org.tastemaker.diffusion.tokenizer.BpeVocabulary} is the pair of files {@code
 * vocab.json} and {@code merges.txt}; {@link org.tastemaker.diffusion.tokenizer.BpeTrainer} learns
 * one from captions. What is written here opens with the other tools that read a CLIP tokenizer's
 * folder.
 *
 * <p>Everything is immutable and safe for use by several threads. Nothing is cached: merging a word
 * of n symbols takes O(n log n) time.
 */
@NullMarked
package org.tastemaker.diffusion.tokenizer;

import org.jspecify.annotations.NullMarked;
