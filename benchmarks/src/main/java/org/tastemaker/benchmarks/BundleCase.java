package org.tastemaker.benchmarks;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;

/**
 * A graph and one run of it.
 *
 * @param name of the case: a folder's name
 * @param graph what is run
 * @param inputs of the run
 * @param cotangents of the run backward; none if nothing is differentiable
 */
record BundleCase(
    String name,
    GraphDefinition graph,
    Map<String, INDArray> inputs,
    Map<String, INDArray> cotangents) {}
