package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableSet;

/**
 * Settings in published configurations that do not change what a network computes: how it was
 * trained and averaged, how a language model of the same library would generate text, and how
 * Python keeps it in memory.
 */
final class HarmlessSettings {
  static final ImmutableSet<String> KEYS =
      ImmutableSet.of(
          // How the weights were averaged (diffusers' EMAModel).
          "decay",
          "inv_gamma",
          "min_decay",
          "optimization_step",
          "power",
          "update_after_step",
          "use_ema_warmup",
          // How it was trained, and how Python runs it.
          "attn_implementation",
          "gradient_checkpointing",
          "low_cpu_mem_usage",
          "name_or_path",
          "output_attentions",
          "output_hidden_states",
          "return_dict",
          "torchscript",
          "use_bfloat16",
          "use_cache",
          "use_return_dict",
          // What transformers writes for every model, and only makers of text have.
          "add_cross_attention",
          "bad_words_ids",
          "begin_suppress_tokens",
          "chunk_size_feed_forward",
          "cross_attention_hidden_size",
          "decoder_start_token_id",
          "diversity_penalty",
          "do_sample",
          "early_stopping",
          "encoder_no_repeat_ngram_size",
          "exponential_decay_length_penalty",
          "finetuning_task",
          "forced_bos_token_id",
          "forced_eos_token_id",
          "id2label",
          "is_decoder",
          "is_encoder_decoder",
          "label2id",
          "length_penalty",
          "max_length",
          "min_length",
          "no_repeat_ngram_size",
          "num_beam_groups",
          "num_beams",
          "num_return_sequences",
          "output_scores",
          "prefix",
          "problem_type",
          "pruned_heads",
          "remove_invalid_values",
          "repetition_penalty",
          "return_dict_in_generate",
          "sep_token_id",
          "suppress_tokens",
          "task_specific_params",
          "temperature",
          "tf_legacy_loss",
          "tie_encoder_decoder",
          "tie_word_embeddings",
          "tokenizer_class",
          "top_k",
          "top_p",
          "typical_p");

  private HarmlessSettings() {}
}
