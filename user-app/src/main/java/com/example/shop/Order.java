package com.example.shop;

public record Order(String article, int pieces) {}
