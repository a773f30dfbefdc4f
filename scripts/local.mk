# scripts/local.mk - what people and CI run.
