call recoder#define('markdown')
